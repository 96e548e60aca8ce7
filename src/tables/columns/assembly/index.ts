export {
  countByGroup,
  placeEntries,
  placeGroup,
  placeInGroups,
  setColumns,
  setNumbers,
} from '../../../dbm/assembly/gather';
export { commonDepth, numberKeys, takeSplitters } from '../../../dbm/assembly/key-numbers';
export { sortPlaces } from '../../../dbm/assembly/key-order';
export { longestItem, measureItems } from '../../../dbm/assembly/measure';
export { gather, gatherPlaces } from './gather';
export { setKeys, setPlaces } from './keys';
export { beginMerge, mergeSome, mergingRoom, repeatsMet, setRun, setRuns, takeWords } from './merge';
export { repeatedPlaces } from './repeated';
export { sortingRoom, sortRun } from './sort';
