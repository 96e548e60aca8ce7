export { checksum } from '../../assembly/checksum';
export { fetchEntries } from '../../assembly/entry';
export { countByGroup, placeGroup, placeInGroups, setColumns, setNumbers } from '../../assembly/gather';
export { sortPlaces } from '../../assembly/key-order';
export { longestItem, measureItems } from '../../assembly/measure';
export { makeBuckets } from './buckets';
export { measurePages } from './contents';
export { addContents, overflowPages } from './geometry';
export { hashKeys } from './hash';
export {
  areNumbered,
  checkBuckets,
  checkPage,
  countFitting,
  fittingBytes,
  fittingItemPages,
  repeatedPlace,
  writeBuckets,
  writePage,
} from './pages';
