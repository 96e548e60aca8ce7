export { entriesRead, readPlainEntries } from './read';
export { linesWritten, writePlainLines } from './write';
