export { findDomains } from './domains';
export { addToFilter, chooseByFilter } from './filter';
export { hashOf, hashTexts } from './hash';
export { chooseNotToOwn, markOwn } from './own';
