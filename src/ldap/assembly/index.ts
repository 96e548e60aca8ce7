export { copyAddress, readAddresses } from './address';
export { addDomain, findElsewhere } from './domains';
export { decodeEntry, setSpellings } from './entry';
