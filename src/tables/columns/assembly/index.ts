export { gather } from './gather';
export { setKeys } from './keys';
export { beginMerge, mergeSome, mergingRoom, repeatsMet, setRun, setRuns, takeWords } from './merge';
export { sortingRoom, sortRun } from './sort';
