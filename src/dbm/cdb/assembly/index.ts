export { checksum } from '../../assembly/checksum';
export {
  countByGroup,
  placeGroup,
  placeInGroups,
  setColumns,
  setNumbers,
} from '../../assembly/gather';
export { longestItem, measureItems } from '../../assembly/measure';
export { repeatedKeyEnd, sortBuckets } from '../../assembly/number-order';
export { countByTable, hashKeys, numberSlots } from './hash';
export { areRecords, bytesWritten, writeRecords } from './records';
export { isTable, writeTable } from './tables';
