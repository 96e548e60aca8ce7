export { checksum } from '../../assembly/checksum';
export { countByGroup, placeGroup, placeInGroups, setColumns, setNumbers } from '../../assembly/gather';
export { longestItem, measureItems } from '../../assembly/measure';
export { repeatedKeyEnd, sortBuckets } from '../../assembly/number-order';
export { chainsOf, hashKeys } from './hash';
export {
  areRecords,
  bytesWritten,
  chainsMet,
  fullHeads,
  isHeader,
  measureBefore,
  measureRecords,
  setHeads,
  writeHeader,
  writeRecords,
} from './records';
