import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseString } from 'fast-csv';
import { afterAll, describe, expect, it } from 'vitest';
import type { CsvSourceConfig } from '../../../src/config/config.ts';
import { parseTemplate } from '../../../src/config/template.ts';
import { SourceError } from '../../../src/tables/error.ts';
import { readCsv } from '../../../src/tables/sources/csv.ts';
import { CsvFields } from '../../../src/tables/sources/csv-fields.ts';
import { CsvRecords } from '../../../src/tables/sources/csv-records.ts';
import { bytes, type Entry, entriesOf } from '../pairs.ts';

const directory = mkdtempSync(join(tmpdir(), 'mailhub-csv-test-'));
const path = join(directory, 'students.csv');
afterAll(() => rmSync(directory, { recursive: true }));

/** What fast-csv makes of a line; undefined where it refuses. */
function fastCsvRows(line: string, delimiter: string): Promise<string[][] | undefined> {
  return new Promise((resolve) => {
    const rows: string[][] = [];
    parseString(`${line}\n`, { delimiter })
      .on('error', () => resolve(undefined))
      .on('data', (row: string[]) => rows.push(row))
      .on('end', () => resolve(rows));
  });
}

interface Answer {
  readonly entries: Entry[];
  readonly rejections: string[];
}

async function read(
  file: string | Buffer,
  {
    key = '{alias}@stmarys.example',
    value = '{id}@students.example',
    delimiter = 'auto' as CsvSourceConfig['delimiter'],
  } = {},
): Promise<Answer> {
  writeFileSync(path, file);
  const { pairs, rejections } = await readCsv({
    kind: 'csv',
    path,
    key: parseTemplate(key),
    value: parseTemplate(value),
    delimiter,
    maxAge: undefined,
    optional: false,
  });
  const text = rejections.examples.map(({ place, reason }) => `${place}: ${reason}`);
  expect(text).toHaveLength(rejections.count);
  return { entries: entriesOf(pairs), rejections: text };
}

async function entries(file: string | Buffer, options: Parameters<typeof read>[1] = {}): Promise<Entry[]> {
  const answer = await read(file, options);
  expect(answer.rejections).toEqual([]);
  return answer.entries;
}

async function failure(file: string | Buffer, options: Parameters<typeof read>[1] = {}): Promise<string> {
  const error: unknown = await read(file, options).then(
    () => expect.unreachable('the file was read'),
    (reason) => reason,
  );
  if (!(error instanceof SourceError)) throw error;
  expect(error.source).toBe(path);
  expect(error.message.startsWith(`${path}: `)).toBe(true);
  return error.message.slice(path.length + 2);
}

describe('readCsv', () => {
  const jane: Entry = ['jane@stmarys.example', 's1@students.example'];
  const john: Entry = ['john@stmarys.example', 's2@students.example'];

  it('makes an entry of every row', async () => {
    expect(await entries('alias,id\nJane,s1\nJOHN,s2\n')).toEqual([jane, john]);
  });

  it('finds the separator in the header line, or takes the one it is given', async () => {
    expect(await entries('alias;id\nJane;s1\n')).toEqual([jane]);
    expect(await entries('"a,b";alias;id\n1,2;Jane;s1\n')).toEqual([jane]);
    expect(
      await entries('alias,id;x\nJane;s1,y\n', { key: '{alias,id}', value: '{x}', delimiter: ';' }),
    ).toEqual([['jane', 's1,y']]);
    expect(await failure('alias,id;x\nJane,s1;y\n')).toMatch(/commas and semicolons; set delimiter/);
    expect(await entries('alias\nJane\n', { key: '{alias}', value: 'local' })).toEqual([['jane', 'local']]);
  });

  it('takes files as spreadsheets save them', async () => {
    expect(await entries('\ufeffalias;id\r\nJane;s1\r\nJohn;s2')).toEqual([jane, john]);
    expect(await entries('"alias","id"\r\n"Jane","s1"\r\n\r\n"","" \r\n,\r\n  \r\n')).toEqual([jane]);
    expect(await failure(Buffer.from('\ufeffalias;id\r\n', 'utf16le'))).toBe('is UTF-16; save it as UTF-8');
  });

  it('takes off blanks and tabs around a field and leaves those within', async () => {
    expect(await entries(' alias ,\tid\n  Jane\t, s1 \n "John"  , " s2 "\n')).toEqual([jane, john]);
    expect(await entries('a,b\nx,  y  z \n', { key: '{a}', value: '{b}' })).toEqual([['x', 'y  z']]);
  });

  it('reads quoted fields with separators, quotes and line breaks', async () => {
    const file = 'alias,note,id\n"Jane","a, ""b""\r\nand\nc",s1\nJohn,d "e" f,s2\n,,"\n"\n';
    const answer = await read(file);
    expect(answer.entries).toEqual([jane, john]);
    expect(answer.rejections).toEqual(['line 6: the column alias is empty']);
  });

  it('keeps every byte of a value, and never lower-cases more than ASCII', async () => {
    const options = { key: '{k}', value: 'über {v}' };
    const file = Buffer.concat([bytes('k,v\n'), Buffer.from('ÀB\u212a'), bytes(',\xff\xe0\xa0\n')]);
    const [key, value] = (await entries(file, options))[0];
    expect(bytes(key).toString()).toBe('Àb\u212a');
    expect(value).toBe(`${Buffer.from('über ').toString('latin1')}\xff\xe0\xa0`);
  });

  it('finds columns whose names are not ASCII', async () => {
    expect(await entries('Schlüssel,id\njane,s1\n', { key: '{Schlüssel}', value: '{id}' })).toEqual([
      ['jane', 's1'],
    ]);
  });

  it('rejects a row without a usable entry, with its line, and keeps the others', async () => {
    const long = 'k'.repeat(240);
    const rows = [
      'alias,id',
      'jane,s1',
      ',s9',
      'x,',
      `${long},s9`,
      '"a\nb",s9',
      'c\x01,s9',
      'd\xff,s9',
      'e,"1\n2"',
      'f,\0',
      'john,s2',
    ];
    const answer = await read(bytes(rows.join('\n')));
    expect(answer.entries).toEqual([jane, john]);
    expect(answer.rejections).toEqual([
      'line 3: the column alias is empty',
      'line 4: the column id is empty',
      'line 5: the key is longer than 255 bytes',
      'line 6: the key has a control character',
      'line 8: the key has a control character',
      'line 9: the key is not UTF-8',
      'line 10: the value has a line break',
      'line 12: the value has a NUL byte',
    ]);
  });

  it('keeps both entries of a key that comes twice, for the merge to judge', async () => {
    expect(await entries('alias,id\njane,s1\nJane,s2\n')).toHaveLength(2);
  });

  it('gives no entries for a header line alone, but fails for an empty file', async () => {
    expect(await entries('alias,id\n')).toEqual([]);
    for (const file of ['', '\ufeff', '\n \r\n']) {
      expect(await failure(file)).toBe('is empty; its first line must name the columns');
    }
  });

  it('names the columns that are there when one is missing', async () => {
    expect(await failure('Alias;"the ""id"""\nx;y\n')).toBe(
      'has no column alias; its columns are: Alias, the "id"',
    );
    expect(await failure('alias,id,id\nx,y,z\n')).toBe('has the column id twice');
  });

  it('fails as a whole when a row is malformed', async () => {
    const cutOff = 'is the file cut off?';
    expect(await failure('alias,id\njane,s1\njohn\n')).toBe(
      `line 3: 1 fields where the header line has 2; ${cutOff}`,
    );
    expect(await failure('alias,id\n\n"ja\nne",s1,\n')).toBe(
      `line 3: 3 fields where the header line has 2; ${cutOff}`,
    );
    expect(await failure('alias,id\njane,s1\njohn,"s2\n')).toBe(
      `line 3: a double quote is never closed; ${cutOff}`,
    );
    const misplaced = 'a double quote or carriage return is out of place';
    expect(await failure('alias,id\njane,"s1"x\n')).toBe(`line 2: ${misplaced}`);
    expect(await failure('alias,id\njane,5"\njohn,6"\n')).toBe(`line 2: ${misplaced}`);
    expect(await failure('alias,id\rjane,s1\rjohn,s2\r')).toBe(`line 1: ${misplaced}`);
  });

  it('fails for a file that is not there', async () => {
    rmSync(path, { force: true });
    const config = {
      kind: 'csv',
      path,
      key: [{ name: 'a' }],
      value: ['v'],
      delimiter: 'auto',
      maxAge: undefined,
      optional: false,
    } as const;
    await expect(readCsv(config)).rejects.toThrow(`${path}: no such file or directory (ENOENT)`);
  });

  it('reads back what was written, whatever is quoted and however lines end', async () => {
    const unit = fc.constantFrom(...'aZ09@.-_"\',; \t\r\n\xe4\x80');
    const field = fc.string({ unit, maxLength: 6 });
    const table = fc.integer({ min: 2, max: 4 }).chain((columns) =>
      fc.array(fc.array(field, { minLength: columns, maxLength: columns }), {
        minLength: 1,
        maxLength: 12,
      }),
    );
    const style = fc.record({
      delimiter: fc.constantFrom(',' as const, ';' as const),
      lineEnd: fc.constantFrom('\n', '\r\n'),
      lastLineEnd: fc.boolean(),
      quoteAll: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, style, async (rows, { delimiter, lineEnd, lastLineEnd, quoteAll }) => {
        const written = (text: string) =>
          quoteAll || /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
        const header = rows[0].map((_, i) => `column ${i}`);
        const lines = [header, ...rows].map((row) => row.map(written).join(delimiter));
        const file = lines.join(lineEnd) + (lastLineEnd ? lineEnd : '');
        const answer = await read(bytes(file), { key: 'k {column 0} {column 1}', value: 'v' });

        const trimmed = rows.map((row) => row.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')));
        const keys = trimmed
          .filter(([a, b]) => a !== '' && b !== '')
          .map(([a, b]) => `k ${a} ${b}`.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
        const usable = (key: string) => !/[\t\r\n]/.test(key) && !bytes(key).toString().includes('\ufffd');
        expect(answer.entries.map(([key]) => key)).toEqual(keys.filter(usable));
        const blank = trimmed.filter((row) => row.every((text) => text === '')).length;
        expect(answer.rejections).toHaveLength(rows.length - blank - answer.entries.length);
      }),
      { numRuns: 500 },
    );
  });

  it('takes a plain record apart as the library does', async () => {
    const unit = fc.constantFrom(...'aZ@.,; \t\0\xe4');
    const text = fc.string({ unit, maxLength: 6 });
    const delimiters = fc.constantFrom(',' as const, ';' as const);
    const fieldsOf = fc.array(
      fc.oneof(
        text,
        text,
        text.map((inner) => `"${inner}\r\n"`),
      ),
      { minLength: 1 },
    );
    const end = fc.constantFrom('\n', '\r\n', '');
    await fc.assert(
      fc.asyncProperty(fieldsOf, end, delimiters, async (written, lineEnd, delimiter) => {
        fc.pre(written.join('').trim() !== '');
        const records = new CsvRecords(path, bytes(written.join(delimiter) + lineEnd));
        expect(records.next()).toBe(true);
        const fields = new CsvFields(path, records, delimiter);
        const read = () => Array.from({ length: fields.count }, (_, i) => fields.text(i));
        expect(fields.readPlain()).toBe(true);
        const plain = read();
        await fields.readAny();
        expect(plain).toEqual(read());
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves a record to the library that is not plain', () => {
    for (const text of ['a,"b""c"', 'a,"b" ', ' "a",b', 'a"b"', 'a\rb', '"a"b', 'a\r', '"a"\r']) {
      const records = new CsvRecords(path, bytes(text));
      expect(records.next()).toBe(true);
      expect(new CsvFields(path, records, ',').readPlain()).toBe(false);
    }
  });

  it('reads each record as fast-csv does, and rejects what it rejects', async () => {
    const unit = fc.constantFrom(...'aB9@;;,,""   \t\v\f\x01\0\xa0\xc3\xa4');
    const field = fc.oneof(
      fc.string({ unit, maxLength: 5 }),
      fc.string({ unit: fc.constantFrom(...'aB ;,'), maxLength: 5 }).map((text) => `"${text}"`),
    );
    const delimiters = fc.constantFrom(',' as const, ';' as const);
    await fc.assert(
      fc.asyncProperty(delimiters, fc.tuple(field, field, field), async (delimiter, fields) => {
        const line = fields.join(delimiter);
        fc.pre((line.split('"').length - 1) % 2 === 0 && /[^\s\xa0]/.test(line));
        const options = { key: 'K{a}', value: '{b}v', delimiter };
        const file = (record: string) => bytes(`${['a', 'b', 'c'].join(delimiter)}\n${record}\n`);
        const rows = await fastCsvRows(line, delimiter);
        if (rows?.length !== 1 || rows[0].length !== 3) {
          expect(await failure(file(line), options)).toMatch(/out of place$|header line has 3/);
          return;
        }
        const [a, b, c] = rows[0].map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
        const answer = await read(file(line), options);
        const key = `K${a}`.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
        const isUsable = !/[\x00-\x1f]/.test(key) && isUtf8(bytes(key)) && !/\0|^[\t-\r ]/.test(b);
        const isEntry = a !== '' && b !== '' && isUsable;
        const isBlank = a === '' && b === '' && c === '';
        expect(answer.entries).toEqual(isEntry ? [[key, `${b}v`]] : []);
        expect(answer.rejections).toHaveLength(isEntry || isBlank ? 0 : 1);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps nothing of a record for the next one', async () => {
    const file = 'alias,id,x\n"a""b",s0,\njane","",\r"\njohn,s2,\n';
    expect(await failure(file)).toBe('line 3: a double quote or carriage return is out of place');
  });

  it('fails for a file that was cut off before the last field of a row', async () => {
    const file = bytes('alias,note,id\r\njane,"a\r\nb",s1\r\njohn,,s2\r\n');
    const rowStart = file.indexOf('jane');
    for (let length = rowStart + 1; length < file.indexOf('s1'); length++) {
      const cut = file.subarray(0, length);
      if (!cut.toString().endsWith('",')) expect(await failure(cut)).toMatch(/cut off\?$/);
    }
  });
});
