export { copyAddress, readAddresses } from './address';
export { decodeEntry, setSpellings } from './entry';
