export { addToFilter, chooseByFilter } from './filter';
export { readKeys } from './keys';
export { hashOf } from './texts';
export { chooseLeadingOn, dropMarked, markOwnPlaces, markOwnTexts } from './values';
