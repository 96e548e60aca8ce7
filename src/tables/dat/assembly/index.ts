export { checksum } from '../../../dbm/assembly/checksum';
export { entriesRead, readPlainEntries } from './read';
export { linesWritten, writePlainLines } from './write';
