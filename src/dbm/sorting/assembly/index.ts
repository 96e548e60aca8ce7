export {
  countByGroup,
  placeEntries,
  placeGroup,
  placeInGroups,
  setColumns,
  setNumbers,
} from '../../assembly/gather';
export { areSorted, commonDepth, numberKeys, takeSplitters } from '../../assembly/key-numbers';
export { sortBuckets, sortPlaces } from '../../assembly/key-order';
export { longestItem, measureItems } from '../../assembly/measure';
export { layOut, putColumns, setTarget } from './columns';
