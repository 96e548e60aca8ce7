import { describe, expect, it } from 'vitest';
import { merge } from '../../../src/tables/columns/merge.ts';
import { readDatEntries } from '../../../src/tables/sources/file.ts';

describe('a file source', () => {
  it('rejects an entry whose line is too long once its key is escaped, and keeps the others', () => {
    const key = `:${'\x01'.repeat(253)}`;
    const text = Buffer.from(`first: one\n"${key}": ${'v'.repeat(19_700)}\nlast: two\n`);
    const { pairs, rejections } = readDatEntries(text);
    expect(rejections.count).toBe(1);
    expect(rejections.examples[0].reason).toMatch(/longer than a line/);
    const { table } = merge([{ source: 'file', pairs }]);
    expect(Buffer.concat([...table.text()]).toString()).toBe('first: one\nlast: two\n');
  });

  it('keeps an entry with an escaped key that still fits', () => {
    const { pairs, rejections } = readDatEntries(Buffer.from(`":\x01": ${'v'.repeat(19_900)}\n`));
    expect([pairs.count, rejections.count]).toEqual([1, 0]);
  });
});
