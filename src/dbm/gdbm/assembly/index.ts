export { checksum } from '../../assembly/checksum';
export { countByGroup, placeGroup, placeInGroups, setColumns, setNumbers } from '../../assembly/gather';
export { longestItem, measureItems } from '../../assembly/measure';
export { repeatedKeyEnd, sortBuckets } from '../../assembly/number-order';
export { countElements, putElement } from './bucket';
export { areEntries, bytesWritten, writeEntries } from './entries';
export { countPrefixes, hashKeys, sumPrefixes } from './hash';
