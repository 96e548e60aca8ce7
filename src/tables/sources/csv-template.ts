import type { Template } from '../../config/template.ts';

/** A template bound to the columns of one file; works on Latin-1 text of bytes, as the fields are. */
export type BoundTemplate = readonly (string | Column)[];

export interface Column {
  readonly name: string;
  readonly index: number;
}

/** @param indexOf the place of a column in a row; throws for one that isn't there */
export function bindTemplate(template: Template, indexOf: (name: string) => number): BoundTemplate {
  return template.map((part) =>
    typeof part === 'string'
      ? Buffer.from(part, 'utf8').toString('latin1')
      : { name: part.name, index: indexOf(part.name) },
  );
}

/** The first column of the template that is empty in this row. */
export function emptyColumn(template: BoundTemplate, row: readonly string[]): string | undefined {
  for (const part of template) {
    if (typeof part !== 'string' && row[part.index] === '') return part.name;
  }
  return undefined;
}

export function fillTemplate(template: BoundTemplate, row: readonly string[]): string {
  let text = '';
  for (const part of template) text += typeof part === 'string' ? part : row[part.index];
  return text;
}
