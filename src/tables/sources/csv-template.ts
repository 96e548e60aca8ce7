import type { Template } from '../../config/template.ts';
import { copyBytes } from '../columns/bytes.ts';
import type { CsvFields } from './csv-fields.ts';

/** A template bound to the columns of one file. */
export type BoundTemplate = readonly (Uint8Array | Column)[];

export interface Column {
  readonly name: string;
  readonly index: number;
}

/** @param indexOf the place of a column in a row; throws for one that isn't there */
export function bindTemplate(template: Template, indexOf: (name: string) => number): BoundTemplate {
  return template.map((part) =>
    typeof part === 'string' ? Buffer.from(part, 'utf8') : { name: part.name, index: indexOf(part.name) },
  );
}

/** The first column of the template that is empty in a record. */
export function emptyColumn(template: BoundTemplate, fields: CsvFields): string | undefined {
  for (const part of template) {
    if (!(part instanceof Uint8Array) && fields.isEmpty(part.index)) return part.name;
  }
  return undefined;
}

/** How many bytes a record makes of a template. */
export function filledLength(template: BoundTemplate, { starts, ends }: CsvFields): number {
  let length = 0;
  for (const part of template)
    length += part instanceof Uint8Array ? part.length : ends[part.index] - starts[part.index];
  return length;
}

/** Writes what a record makes of a template to `target[at…]`. @returns where that ends */
export function fillTemplate(
  template: BoundTemplate,
  { bytes, starts, ends }: CsvFields,
  target: Uint8Array,
  at: number,
): number {
  let end = at;
  for (const part of template) {
    const isText = part instanceof Uint8Array;
    const from = isText ? part : bytes;
    const start = isText ? 0 : starts[part.index];
    const length = (isText ? part.length : ends[part.index]) - start;
    copyBytes(from, start, start + length, target, end);
    end += length;
  }
  return end;
}
