export { checksum } from '../../assembly/checksum';
export {
  copyToGroups,
  hashOf,
  measureGroups,
  placeGroup,
  setColumns,
  setNumbers,
} from '../../assembly/gather';
export { longestItem, measureItems } from '../../assembly/measure';
export { repeatedKeyEnd, sortBuckets } from '../../assembly/number-order';
export { countByTable, hashKeys, numberSlots } from './hash';
export { areRecords, bytesWritten, writeRecords } from './records';
export { isTable, writeTable } from './tables';
