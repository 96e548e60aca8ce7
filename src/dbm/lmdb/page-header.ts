import { PAGE } from './layout.ts';

/** Writes what all pages of trees have in common; the rest of the header is the caller's. */
export function writeHeader(view: DataView, at: number, page: number, flags: number): void {
  view.setUint32(at + PAGE.number, page, true);
  view.setUint32(at + PAGE.number + 4, 0, true);
  view.setUint16(at + PAGE.keySize, 0, true);
  view.setUint16(at + PAGE.flags, flags, true);
}
