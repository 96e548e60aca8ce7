export { copyToGroups, measureGroups, placeGroup, setBuckets, setColumns } from './gather';
export { addContents, longestItem, measureItems, overflowPages } from './geometry';
export { hashKeys } from './hash';
export { sortPlaces } from './order';
export {
  areNumbered,
  checkBuckets,
  checkPage,
  checksum,
  repeatedPlace,
  writeBuckets,
  writePage,
} from './pages';
