export { checksum } from '../../assembly/checksum';
export { copyToGroups, measureGroups, placeGroup, setColumns, setNumbers } from '../../assembly/gather';
export { longestItem, measureItems } from '../../assembly/measure';
export { bucketsOf } from './buckets';
export { addContents, overflowPages } from './geometry';
export { hashKeys } from './hash';
export { sortPlaces } from './order';
export { areNumbered, checkBuckets, checkPage, repeatedPlace, writeBuckets, writePage } from './pages';
