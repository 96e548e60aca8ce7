export { addToFilter, chooseByFilter } from './filter';
export { readKeys } from './keys';
export { hashOf } from './texts';
export {
  chooseUnmarked,
  dropMarked,
  hashValues,
  markElsewhere,
  markOwnPlaces,
  markOwnTexts,
} from './values';
