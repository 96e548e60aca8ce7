export { checksum } from '../../assembly/checksum';
export {
  copyToGroups,
  measureGroups,
  placeEntries,
  placeGroup,
  setColumns,
  setNumbers,
} from '../../assembly/gather';
export { commonDepth, countSorted, numberKeys, takeSplitters } from '../../assembly/key-numbers';
export { sortBuckets, sortPlaces } from '../../assembly/key-order';
export { longestItem, measureItems } from '../../assembly/measure';
export { areLeaves, carryEntries, entriesWritten, isBig, leafEnd, writeLeaf, writeLeaves } from './leaves';
