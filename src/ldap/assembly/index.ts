export { copyAddress, readAddresses, setAddressColumns } from './address';
export { addDomain, findElsewhere } from './domains';
export { decodeEntry, setColumns, setSpellings } from './entry';
export { lookOf, setLooks } from './looks';
export { hasControl } from './text';
export { readUuid } from './uuid';
