import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Table } from '../../../src/tables/columns/table.ts';
import { type DatFault, DatReader, readDat } from '../../../src/tables/dat/read.ts';
import { unrepresentable } from '../../../src/tables/dat/unrepresentable.ts';
import { Incumbent } from '../incumbent.ts';
import { bytes, compareLatin1, type Entry, entriesOf, pairsOf } from '../pairs.ts';
import { datText, datTextAtTheLimits } from './dat-text.ts';

const incumbent = new Incumbent();
afterAll(() => incumbent.close());

const hex = (text: string) => bytes(text).toString('hex');

/** As exim_dbmbuild keeps them: the first of each key. */
function firstOfEachKey(entries: readonly Entry[]): Map<string, string> {
  return new Map([...entries].reverse());
}

function asDumped(entries: Iterable<Entry>): string[] {
  return Array.from(entries, ([key, value]) => `${hex(key)} ${hex(value)}`).sort();
}

interface Reading {
  readonly entries: Entry[];
  readonly faults: DatFault[];
  /** What exim_dbmbuild would print of continuation lines without an entry. */
  readonly strays: string;
}

/** Reads until a fault that makes exim_dbmbuild give up. */
function readUntilFatal(text: Uint8Array, lowerCaseKeys = true): Reading {
  const copy = Buffer.from(text);
  const faults: DatFault[] = [];
  let strays = '';
  const pairs = readDat(copy, {
    lowerCaseKeys,
    onFault: (fault) => {
      faults.push(fault);
      if (fault.kind !== 'stray-continuation') return false;
      strays += `Unexpected continuation line ignored\n${copy.toString('latin1', fault.start, fault.end)}\n\n`;
      return true;
    },
  });
  return { entries: entriesOf(pairs), faults, strays };
}

const complaints: Record<string, string> = {
  'long-line': 'Overlong line read: max permitted length is 19999\ndbmbuild abandoned\n',
  'long-key': 'Keys longer than 255 characters cannot be handled\ndbmbuild abandoned\n',
  'long-value': 'Continued set of lines is too long: max permitted length is 99999\ndbmbuild abandoned\n',
};

function readsAsTheIncumbent(latin1: string, lowerCaseKeys = true): void {
  const text = bytes(latin1);
  const theirs = incumbent.build(text, lowerCaseKeys ? [] : ['-nolc']);
  const ours = readUntilFatal(text, lowerCaseKeys);
  const fatal = ours.faults.find((fault) => fault.kind !== 'stray-continuation');
  const stdout = theirs.stdout.toString('latin1');
  if (fatal !== undefined) {
    expect(stdout).toBe(ours.strays + complaints[fatal.kind]);
    expect(theirs.status).toBe(2);
    return;
  }
  expect(theirs.status).toBeLessThan(2);
  expect(stdout.startsWith(ours.strays)).toBe(true);
  expect(asDumped(firstOfEachKey(ours.entries))).toEqual(theirs.pairs);
}

function tableOf(entries: Iterable<Entry>): Table {
  const sorted = [...entries].sort(([a], [b]) => compareLatin1(a, b));
  return Table.from(pairsOf(sorted), Uint32Array.from(sorted.keys()));
}

function textOf(table: Table): Buffer {
  const text = Buffer.concat([...table.text()].map((block) => Buffer.from(block)));
  expect(table.bytes).toBe(text.length);
  return text;
}

function refusal([key, value]: Entry): string | undefined {
  return unrepresentable(bytes(key), 0, key.length, bytes(value), 0, value.length);
}

describe('readDat', () => {
  it('reads what exim_dbmbuild reads', () => {
    fc.assert(fc.property(datText, fc.boolean(), readsAsTheIncumbent), { numRuns: 300 });
  });

  it('has the same limits as exim_dbmbuild', () => {
    fc.assert(
      fc.property(datTextAtTheLimits, (text) => readsAsTheIncumbent(text)),
      { numRuns: 200 },
    );
  });

  const starts = ['a:', 'a b', '"a b":', '"\\x41', '"a\\0b" ', ' b', '#', ':', 'a\0', ' \0', '#\0', '\0'];
  it.each(starts)('ends lines that begin with %j where exim_dbmbuild ends them', (start) => {
    for (let length = 19_996; length <= 20_001; length++) {
      const line = start + 'w'.repeat(length - start.length);
      for (const end of ['', '\n', '\r\n', '\0', '\0\n', '\0x y\n', '\n z\nb: 2\n'])
        readsAsTheIncumbent(`k: 1\n${line}${end}`);
    }
  });

  it('leaves out only what is at fault, where it is told to go on', () => {
    const long = 'w'.repeat(19_999);
    const text = [
      ' stray',
      'a: 1',
      `${'k'.repeat(256)}: 2`,
      ' of the long key',
      `b: ${long}`,
      ' of the long line',
      'c: 3',
      `#${long}`,
    ]
      .concat([
        ' goes on',
        'd:',
        ...Array.from({ length: 11 }, () => ` ${'v'.repeat(9_999)}`),
        ' x',
        'e: 5',
        ` ${long}`,
        'f: 6',
      ])
      .join('\n');
    const faults: [string, number][] = [];
    const pairs = readDat(bytes(text), { onFault: ({ kind, line }) => faults.push([kind, line]) > 0 });
    expect(entriesOf(pairs)).toEqual([
      ['a', '1'],
      ['c', '3 goes on'],
      ['f', '6'],
    ]);
    expect(faults).toEqual([
      ['stray-continuation', 1],
      ['long-key', 3],
      ['long-line', 5],
      ['long-line', 8],
      ['long-value', 20],
      ['long-line', 24],
    ]);
  });

  it('stops at a fault where it is told to', () => {
    const { entries, faults } = readUntilFatal(
      bytes(`a: 1\n${'k'.repeat(256)}: 2\n${'k'.repeat(257)}: 2\nb: 3\n`),
    );
    expect(entries).toEqual([['a', '1']]);
    expect(faults).toEqual([{ kind: 'long-key', line: 2, start: 5, end: 261 }]);
  });
});

describe('the canonical text', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  const syntax = fc.constantFrom(...'aA:  "\\#\t\r\n\0\x7f\xe4');
  const unit = fc.oneof({ arbitrary: syntax, weight: 4 }, { arbitrary: byte, weight: 1 });
  const short = fc.string({ unit, maxLength: 8 });
  const keyNearLimit = fc
    .tuple(fc.integer({ min: 253, max: 257 }), fc.constantFrom('k', '\x01', '"', ':'))
    .map(([length, letter]) => letter.repeat(length));
  const words = fc
    .array(
      fc.tuple(
        fc.constantFrom(' ', ' ', ' ', '  ', '\t', ' \t'),
        fc.oneof(
          fc.integer({ min: 1, max: 30_000 }),
          fc.integer({ min: 19_990, max: 19_999 }),
          fc.integer({ min: 9_990, max: 9_999 }),
        ),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.map(([space, length]) => space + 'w'.repeat(length)).join(''));
  const longValue = fc.tuple(fc.constantFrom('', 'a'), words).map((parts) => parts.join(''));
  const valueNearLimit = fc
    .tuple(fc.integer({ min: 19_980, max: 19_999 }), fc.integer({ min: 0, max: 30 }))
    .map(([length, at]) => `${'v'.repeat(at)} ${'v'.repeat(length - at)}`);
  const joinedNearLimit = fc.integer({ min: 99_990, max: 100_000 }).map((length) =>
    'vvvvvvvvv '
      .repeat(10_001)
      .slice(0, length - 1)
      .concat('v'),
  );
  const key = fc.oneof({ arbitrary: short, weight: 6 }, { arbitrary: keyNearLimit, weight: 1 });
  const value = fc.oneof(
    { arbitrary: short, weight: 6 },
    { arbitrary: valueNearLimit, weight: 1 },
    { arbitrary: joinedNearLimit, weight: 1 },
    { arbitrary: longValue, weight: 2 },
  );
  const entries = fc.uniqueArray(fc.tuple(key, value), { selector: ([each]) => each, maxLength: 40 });

  it('writes text that gives the same entries to readDat and to exim_dbmbuild', () => {
    fc.assert(
      fc.property(entries, (generated) => {
        const kept = generated.filter((entry) => refusal(entry) === undefined);
        const table = tableOf(kept);
        const sorted = [...kept].sort(([a], [b]) => compareLatin1(a, b));
        expect(entriesOf(table)).toEqual(sorted);
        const read = readUntilFatal(textOf(table), false);
        expect(read.faults).toEqual([]);
        expect(read.entries).toEqual(sorted);
        expect(incumbent.build(textOf(table), ['-nolc']).pairs).toEqual(asDumped(kept));
      }),
      { numRuns: 200 },
    );
  });

  it('reads a text that comes in piece by piece as it reads the whole, and hashes its keys', () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    const texts = fc.oneof({ arbitrary: datText, weight: 9 }, datTextAtTheLimits);
    fc.assert(
      fc.property(texts, cuts, fc.boolean(), (given, cuts, lowerCaseKeys) => {
        const text = bytes(given);
        const faults: DatFault[] = [];
        const onFault = (fault: DatFault) => faults.push(fault) > 0 && fault.kind === 'stray-continuation';
        const reader = new DatReader(text.length, { lowerCaseKeys, onFault });
        reader.bytes.set(Buffer.alloc(text.length, 'x\n'));
        let from = 0;
        for (const cut of [...cuts.toSorted((a, b) => a - b), 1]) {
          const to = Math.floor(cut * text.length);
          reader.bytes.set(text.subarray(from, to), from);
          from = to;
          if (!reader.read(to)) break;
        }
        const pairs = reader.finish();
        const whole = readUntilFatal(text, lowerCaseKeys);
        expect({ entries: entriesOf(pairs), faults }).toEqual({
          entries: whole.entries,
          faults: whole.faults,
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('changes nothing so near the end of what there is that a wide store would meet bytes that are on their way', () => {
    const text = bytes('FIRST: 1\nSECOND: 22\nS: x\nTHIRD: of no interest\n');
    const reader = new DatReader(text.length);
    const there = text.indexOf('THIRD');
    reader.bytes.set(text.subarray(0, there));
    reader.read(there);
    expect(reader.bytes[0]).toBe('f'.charCodeAt(0));
    expect(Buffer.from(reader.bytes.subarray(there - 16, there))).toEqual(text.subarray(there - 16, there));
    reader.bytes.set(text.subarray(there), there);
    reader.read(text.length);
    expect(entriesOf(reader.finish())).toEqual([
      ['first', '1'],
      ['second', '22'],
      ['s', 'x'],
      ['third', 'of no interest'],
    ]);
  });

  it('can write every entry that readDat reads, and the same text from its own', () => {
    fc.assert(
      fc.property(fc.oneof({ arbitrary: datText, weight: 9 }, datTextAtTheLimits), (given) => {
        const read = firstOfEachKey(readUntilFatal(bytes(given)).entries);
        expect([...read].filter(([key]) => key !== '').map(refusal)).toEqual(
          Array(read.size - (read.has('') ? 1 : 0)).fill(undefined),
        );
        const table = tableOf(read);
        const text = textOf(table);
        const again = readUntilFatal(Buffer.from(text));
        expect(new Map(again.entries)).toEqual(read);
        expect(Buffer.compare(textOf(tableOf(again.entries)), text)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses no entry that some text would give', () => {
    fc.assert(
      fc.property(key, value, (key, value) => {
        fc.pre(key !== '' && refusal([key, value]) !== undefined);
        for (const text of spellings(key, value)) {
          expect(readUntilFatal(bytes(text), false).entries).not.toEqual([[key, value]]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(['k', '#k', 'k k', 'k'.repeat(255), '\x01 '.repeat(127)])(
    'fills a line to its last byte behind the key %j',
    (key) => {
      const quoted = `"${key.replaceAll('\x01', '\\001')}"`;
      const written = /^[^# ]+$/.test(key) ? key : quoted;
      const room = 19_998 - written.length - 1;
      const word = (length: number) => 'w'.repeat(length);
      const values: [string, boolean][] = [
        [word(room), true],
        [word(room + 1), false],
        [`${word(room)} x`, true],
        [`${word(room + 1)} x`, false],
        [`x ${word(19_997)}`, true],
        [`x ${word(19_998)}`, false],
        [` ${word(19_997)}`, true],
        [` ${word(19_998)}`, false],
        [`x ${word(19_997)} x`, true],
      ];
      for (const [value, fits] of values) {
        expect(refusal([key, value]) === undefined, `${value.length}`).toBe(fits);
        if (!fits) continue;
        const text = textOf(tableOf([[key, value]]));
        expect(readUntilFatal(text, false).entries).toEqual([[key, value]]);
        expect(incumbent.build(text, ['-nolc']).pairs).toEqual(asDumped([[key, value]]));
      }
    },
  );

  it('refuses an empty key, which nothing looks up', () => {
    expect(refusal(['', 'value'])).toBe('the key is empty');
  });
});

/** Ways to write an entry down: on one line, and continued at white space, wherever that is possible. */
function spellings(key: string, value: string): string[] {
  const quoted = `"${key.replace(/[^a-zA-Z0-9]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
  const broken = value.replace(/(?<=\S)(?= \S)/g, '\n');
  return [key, quoted].flatMap((written) => [
    `${written}: ${value}`,
    `${written}:${value}`,
    `${written}: ${value}\n`,
    `${written}:\n${value}\n`,
    `${written}: ${broken}\n`,
    `${written}:\n${broken}\n`,
  ]);
}
