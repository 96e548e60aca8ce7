export { checksum } from '../../assembly/checksum';
export { copyToGroups, measureGroups, placeGroup, setColumns, setNumbers } from '../../assembly/gather';
export { sortPlaces } from '../../assembly/key-order';
export { longestItem, measureItems } from '../../assembly/measure';
export { bucketsOf } from './buckets';
export { addContents, overflowPages } from './geometry';
export { hashKeys } from './hash';
export { areNumbered, checkBuckets, checkPage, repeatedPlace, writeBuckets, writePage } from './pages';
