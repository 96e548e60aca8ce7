import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LdifObject, readObjects } from './ldif.ts';

export type TableName = 'exch_table' | 'o365_table' | 'mlist_table' | 'sm_table' | 'local_domains';

export interface ExpectedTable {
  /** Keys and values as they are in the `.dat`; of several claims to a key, the file's first, or the object's with the lesser id. */
  readonly entries: ReadonlyMap<string, string>;
  /** Keys that were claimed more than once, and by whom: all values, in the order in which they win. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  /** What can't be an address, or a value, as a report shows it. */
  readonly rejected: readonly { readonly dn: string; readonly value: string }[];
}

/**
 * The five tables of a generated campus, worked out from its files in the plainest way: strings, Maps, and what the
 * filters and templates of its mailhub-tables.toml mean, written out by hand.
 *
 * @param idOf the id that the server gave to an object, as hexadecimal digits; else it is the file's objectGUID
 */
export async function expectCampus(
  folder: string,
  idOf: (dn: string) => string = () => '',
): Promise<Record<TableName, ExpectedTable>> {
  const ranked = (await readObjects(join(folder, 'directory.ldif'))).map((object) => ({
    object,
    rank: idOf(object.dn) || (object.guid ?? ''),
  }));
  const objects = ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ object }) => object);
  return {
    exch_table: fromDirectory(objects.filter(isOnExchange), primaryAddress),
    o365_table: fromDirectory(objects.filter(isInOffice365), ({ values }) =>
      attributeText(values.get('targetaddress') ?? []),
    ),
    mlist_table: table(datEntries(join(folder, 'mlist_table.dat'))),
    sm_table: table(studentEntries(join(folder, 'sm_table.csv'))),
    local_domains: table(datEntries(join(folder, 'local_domains.dat'))),
  };
}

const systemTypes = [
  '8192',
  '16384',
  '4194304',
  '8388608',
  '536870912',
  '68719476736',
  '549755813888',
  '4398046511104',
];
const classesWithoutMailbox = ['group', 'publicFolder', 'msExchDynamicDistributionList', 'contact'];
const remoteTypes = ['2147483648', '8589934592', '17179869184', '34359738368'];
const domains = ['', 'arts.', 'phys.', 'celtic.', 'law.', 'lib.', 'med.', 'admin.', 'zoo.'].map(
  (label) => `${label}example.ac.uk`,
);

function isOnExchange({ values }: LdifObject): boolean {
  const type = values.get('msexchrecipienttypedetails')?.[0] ?? '';
  const classes = values.get('objectclass') ?? [];
  const isRecipient =
    values.has('homemdb') || type === '128' || classesWithoutMailbox.some((name) => classes.includes(name));
  return values.has('proxyaddresses') && isRecipient && !systemTypes.includes(type);
}

function isInOffice365({ values }: LdifObject): boolean {
  const type = values.get('msexchrecipienttypedetails')?.[0] ?? '';
  return values.has('proxyaddresses') && values.has('targetaddress') && remoteTypes.includes(type);
}

/** A value of a table, or what can't be one. */
type Text = { readonly text: string } | { readonly unusable: string };

/** configuration.md: in `proxyAddresses`, `SMTP:` makes an address the primary one. */
function primaryAddress({ values }: LdifObject): Text {
  const primary = values.get('proxyaddresses')?.filter((value) => value.startsWith('SMTP:')) ?? [];
  return attributeText(primary);
}

/**
 * configuration.md: what has `smtp:` in front, in any case, is an address: without the prefix and in lower case. Everything else stays
 * as it is.
 */
function attributeText(values: readonly string[]): Text {
  const [value = ''] = values.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (!/^smtp:/i.test(value)) return value === '' ? { unusable: '' } : { text: value };
  const address = lowerCase(value.slice('smtp:'.length));
  return isAddress(address) ? { text: address } : { unusable: value };
}

function fromDirectory(
  objects: readonly LdifObject[],
  valueFor: (object: LdifObject) => Text,
): ExpectedTable {
  const pairs: [string, string][] = [];
  const rejected: { dn: string; value: string }[] = [];
  for (const object of objects) {
    const value = valueFor(object);
    let lacksValue = false;
    for (const candidate of object.values.get('proxyaddresses') ?? []) {
      // Another kind of address, such as X500 or SIP.
      if (/^[a-z0-9]+:/i.test(candidate) && !/^smtp:/i.test(candidate)) continue;
      const address = lowerCase(candidate.replace(/^smtp:/i, ''));
      const isElsewhere =
        address.includes('@') && !domains.includes(address.slice(address.lastIndexOf('@') + 1));
      if (isElsewhere) continue;
      if (!/^smtp:/i.test(candidate) || !isAddress(address)) {
        rejected.push({ dn: object.dn, value: shown(address) });
      } else if ('text' in value) {
        pairs.push([address, value.text]);
      } else {
        lacksValue = true;
      }
    }
    // Told once, however many addresses want for it.
    if (lacksValue && 'unusable' in value) rejected.push({ dn: object.dn, value: shown(value.unusable) });
  }
  return { ...table(pairs), rejected };
}

/**
 * configuration.md, "What an address is": ASCII characters, 254 at most. In front of the only `@` words of letters, digits and
 * !#$%&'*+-/=?^_`{|}~ with a dot between each two of them, 64 characters at most; behind it labels of at most 63 letters, digits
 * and hyphens, which neither begin nor end with a hyphen.
 */
function isAddress(address: string): boolean {
  const [localPart = '', domain = '', ...more] = address.split('@');
  const isWord = (word: string) => /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+$/.test(word);
  const isLabel = (label: string) => /^[a-z0-9-]{1,63}$/.test(label) && !/^-|-$/.test(label);
  return (
    more.length === 0 &&
    address.length <= 254 &&
    localPart.length <= 64 &&
    localPart.split('.').every(isWord) &&
    domain.split('.').every(isLabel)
  );
}

/** As a report has it: one line, whatever is in it. */
function shown(text: string): string {
  const code = (character: string) => character.charCodeAt(0).toString(16).padStart(4, '0');
  return [...text].map((each) => (each < ' ' || each === '\x7f' ? `\\u${code(each)}` : each)).join('');
}

function table(pairs: readonly (readonly [key: string, value: string])[]): ExpectedTable {
  const claims = new Map<string, string[]>();
  for (const [key, value] of pairs) claims.set(key, [...(claims.get(key) ?? []), value]);
  return {
    entries: new Map([...claims].map(([key, [first = '']]) => [key, first])),
    claims: new Map([...claims].filter(([, values]) => values.length > 1)),
    rejected: [],
  };
}

/** Entries in the syntax of exim_dbmbuild. */
export function datEntries(path: string): [key: string, value: string][] {
  const entries: [string, string][] = [];
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const text = line.replace(/[ \t\r\v\f]+$/, '');
    if (text === '' || line.startsWith('#')) continue;
    const last = entries.at(-1);
    if (/^[ \t]/.test(text)) {
      if (last !== undefined) last[1] += ` ${text.trimStart()}`;
      continue;
    }
    const [, quoted, plain = '', value = ''] =
      /^(?:"((?:[^"\\]|\\.)*)"|([^:\s]*))\s*:?\s*(.*)$/.exec(text) ?? [];
    entries.push([quoted === undefined ? plain : unescapeKey(quoted), value]);
  }
  return entries.map(([key, value]) => [lowerCase(utf8(key)), utf8(value)]);
}

const controls: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', v: '\v', f: '\f' };

function unescapeKey(text: string): string {
  return text.replace(/\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))/g, (_, octal, hex, other) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return controls[other] ?? other;
  });
}

function studentEntries(path: string): [key: string, value: string][] {
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  const rows = [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g)];
  return rows.slice(1).map(([, row = '']) => {
    const [alias = '', id = ''] = row.split(',').map((field) => field.replace(/^"(.*)"$/, '$1'));
    return [lowerCase(`${alias}@stmarys.example.ac.uk`), `${id}@students.example.ac.uk`];
  });
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** ASCII letters only. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}
