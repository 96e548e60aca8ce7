export { copyAddress, readAddresses, setAddressColumns } from './address';
export { appendAddresses, appendEntry, appendKeys, appendObject } from './batch';
export { addDomain, findElsewhere } from './domains';
export { decodeEntry, setColumns, setSpellings } from './entry';
export { lookOf, setLooks } from './looks';
export { entriesPassed, passEntries } from './messages';
export { hasControl } from './text';
export { readUuid } from './uuid';
