import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DirectorySettings, Selection, Template } from '../../src/ldap/types.ts';
import { addresses, type Collected, collect, settingsFor } from './collect.ts';
import { type Attributes, searchDone, searchEntry } from './messages.ts';
import { type ScriptedServer, startScripted } from './scripted-server.ts';

let objects: readonly (readonly [dn: string, attributes: Attributes])[] = [];
let server: ScriptedServer;

beforeAll(async () => {
  server = await startScripted({
    search({ id }, socket) {
      for (const [dn, attributes] of objects) socket.write(searchEntry(id, dn, attributes));
      socket.write(searchDone(id, 0, Buffer.alloc(0)));
    },
  });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** What a selection makes of one object. */
async function made(
  attributes: Attributes,
  selection: Partial<Selection> = {},
  changes: Partial<DirectorySettings> = {},
): Promise<{ entries: readonly string[]; rejected: readonly string[]; report: Collected['report'] }> {
  objects = [['cn=Anna,dc=test', attributes]];
  const collected = await collect(settingsFor([server.url], changes), [{ ...addresses, ...selection }]);
  const rejected = (collected.rejected[0] ?? []).map(({ dn, value, reason }) => {
    expect(dn).toBe('cn=Anna,dc=test');
    return `${value}: ${reason}`;
  });
  return { entries: collected.entries[0] ?? [], rejected, report: collected.report };
}

const name = (text: string): Template[number] => ({ name: text });
const anna: Attributes = [
  [
    'proxyAddresses',
    [
      'smtp:Anna.Two@Example.ORG',
      'X500:/o=org/cn=anna',
      'SMTP:Anna@Example.ORG',
      'SIP:anna@example.org',
      'sMtP:a@other.org',
    ],
  ],
  ['mailNickname', ['Anna']],
];

test('every SMTP address becomes an entry, lower-cased, and the one in capitals is the primary', async () => {
  const { entries, rejected, report } = await made(anna);
  expect(entries).toEqual([
    'anna.two@example.org: anna@example.org',
    'anna@example.org: anna@example.org',
    'a@other.org: anna@example.org',
  ]);
  expect(rejected).toEqual([]);
  expect(report.selections).toEqual([{ recipients: 1, otherDomains: 0, otherKinds: 2 }]);
});

test('only the domains asked for are taken, and the primary address may be elsewhere', async () => {
  const { entries, report } = await made(anna, { domains: ['other.org', 'third.org'] });
  expect(entries).toEqual(['a@other.org: anna@example.org']);
  expect(report.selections[0]?.otherDomains).toBe(2);
  expect((await made(anna, { domains: ['rg', 'ther.org', 'x.other.org'] })).entries).toEqual([]);
});

test('local part and domain stand by themselves', async () => {
  const { entries } = await made(anna, {
    domains: ['other.org'],
    key: ['x-', name('local_part'), '+', name('domain')],
    value: [
      'To ',
      name('local_part'),
      ' at ',
      name('domain'),
      ' not ',
      name('primary'),
      ': ',
      name('mailNickname'),
    ],
  });
  expect(entries).toEqual(['x-a+other.org: To a at other.org not anna@example.org: Anna']);
});

test('what is no address is rejected by itself', async () => {
  const { entries, rejected } = await made([
    [
      'proxyAddresses',
      [
        'SMTP:ok@a.b',
        'smtp:no at@a.b',
        'smtp:line\nbreak@a.b',
        'smtp:',
        'bare@a.b',
        'smtp:caf\u00e9@a.b',
        'smtp:x@a.b',
      ],
    ],
  ]);
  expect(entries).toEqual(['ok@a.b: ok@a.b', 'x@a.b: ok@a.b']);
  expect(rejected).toEqual([
    'no at@a.b: a character that no local part has',
    'line\\u000abreak@a.b: a character that no local part has',
    ': no @',
    'bare@a.b: no smtp: in front',
    'caf\u00e9@a.b: not ASCII',
  ]);
});

test('what is no address in another domain is of no interest', async () => {
  const attributes: Attributes = [['proxyAddresses', ['SMTP:ok@a.b', 'smtp:no good@c.d', 'smtp:nowhere']]];
  const { rejected, report } = await made(attributes, { domains: ['a.b'] });
  expect(rejected).toEqual(['nowhere: no @']);
  expect(report.selections[0]?.otherDomains).toBe(1);
});

test.each([
  ['none', ['smtp:a@b.c'], ': no primary address'],
  [
    'an unusable one',
    ['smtp:a@b.c', 'SMTP:a b@b.c'],
    'a b@b.c: the primary address: a character that no local part has',
  ],
])('a recipient with %s as primary address is rejected once', async (_, values, problem) => {
  const { entries, rejected } = await made([['proxyAddresses', [...values, 'smtp:d@b.c']]]);
  expect(entries).toEqual([]);
  expect(rejected).toContain(problem);
  expect(rejected.filter((text) => text.includes('primary'))).toHaveLength(1);
});

test('of several primary addresses the smallest counts, in any order', async () => {
  for (const values of [
    ['SMTP:b@x.y', 'SMTP:A@x.y', 'smtp:0@x.y'],
    ['smtp:0@x.y', 'SMTP:A@x.y', 'SMTP:b@x.y'],
  ]) {
    const { entries } = await made([['proxyAddresses', values]]);
    expect(entries.map((entry) => entry.split(': ')[1])).toEqual(['a@x.y', 'a@x.y', 'a@x.y']);
  }
});

test('an address attribute without prefixes holds bare addresses', async () => {
  const mail = { addressAttributes: ['mail'] };
  const { entries, rejected, report } = await made(
    [['mail', ['C@x.y', 'b@x.y', 'SIP:a@x.y', 'not one']]],
    {},
    mail,
  );
  expect(entries).toEqual(['c@x.y: b@x.y', 'b@x.y: b@x.y']);
  expect(rejected).toEqual(['not one: no @']);
  expect(report.selections[0]?.otherKinds).toBe(1);
  const marked = await made([['mail', ['a@x.y', 'SMTP:b@x.y', 'smtp:c@x.y']]], {}, mail);
  expect(marked.entries).toEqual(['a@x.y: b@x.y', 'b@x.y: b@x.y', 'c@x.y: b@x.y']);
});

test('of several address attributes the first that a recipient has holds the primary address', async () => {
  const several = { addressAttributes: ['mail', 'otherMailbox', 'mailAlternateAddress'] };
  const of = async (attributes: Attributes) => (await made(attributes, {}, several)).entries;
  expect(
    await of([
      ['mailAlternateAddress', ['A@x.y', 'b@x.y']],
      ['mail', ['d@x.y', 'C@x.y']],
    ]),
  ).toEqual(['d@x.y: c@x.y', 'c@x.y: c@x.y', 'a@x.y: c@x.y', 'b@x.y: c@x.y']);
  expect(
    await of([
      ['mailAlternateAddress', ['a@x.y']],
      ['otherMailbox', ['b@x.y']],
    ]),
  ).toEqual(['b@x.y: b@x.y', 'a@x.y: b@x.y']);
  expect(
    await of([
      ['mail', ['a@x.y']],
      ['mailAlternateAddress', ['SMTP:b@x.y']],
    ]),
  ).toEqual(['a@x.y: b@x.y', 'b@x.y: b@x.y']);
  const many = (letter: string) => Array.from({ length: 100 }, (_, i) => `${letter}${i}@x.y`);
  const entries = await of([
    ['mail', many('m')],
    ['otherMailbox', many('o')],
    ['mailAlternateAddress', many('a')],
  ]);
  const wanted = ['m', 'o', 'a'].flatMap(many);
  expect(entries).toEqual(wanted.map((address) => `${address}: m0@x.y`));
});

test('bare addresses go with prefixed ones, and each attribute keeps its own rule', async () => {
  const both = { addressAttributes: ['mail', 'proxyAddresses'] };
  const bare = await made(
    [
      ['mail', ['a@x.y']],
      ['proxyAddresses', ['smtp:b@x.y', 'c@x.y']],
    ],
    {},
    both,
  );
  expect(bare.entries).toEqual(['a@x.y: a@x.y', 'b@x.y: a@x.y']);
  expect(bare.rejected).toEqual(['c@x.y: no smtp: in front']);
});

test('an attribute stands for itself, less its smtp: prefix', async () => {
  const value = [name('targetAddress')];
  const target = (text: string | Buffer): Attributes => [...anna.slice(0, 1), ['targetAddress', [text]]];
  const domains = ['other.org'];
  const values = async (text: string | Buffer) => (await made(target(text), { value, domains })).entries;
  expect(await values('SMTP:User@Tenant.Example')).toEqual(['a@other.org: user@tenant.example']);
  expect(await values('User@Tenant.Example')).toEqual(['a@other.org: User@Tenant.Example']);
  expect(await values('Größe "x": #1\\')).toEqual([
    `a@other.org: ${Buffer.from('Größe "x": #1\\').toString('latin1')}`,
  ]);
  expect(await values(Buffer.from([0xe9, 0xff]))).toEqual(['a@other.org: \u00e9\u00ff']);
  const broken = await made(target('smtp:User'), { value, domains });
  expect(broken).toMatchObject({ entries: [], rejected: ['smtp:User: targetAddress: no @'] });
});

test.each([
  ['a line break', 'a\nb', 'a control character'],
  ['a carriage return', 'a\rb', 'a control character'],
  ['a NUL', 'a\0b', 'a control character'],
  ['a tab', 'a\tb', 'a control character'],
  ['DEL', 'a\x7fb', 'a control character'],
  ['a space in front', ' a', 'white space at its edge'],
  ['a space behind', 'a ', 'white space at its edge'],
  ['too much', 'x'.repeat(18_901), 'longer than 18900 bytes'],
])('a value with %s is rejected', async (_, text, problem) => {
  const { entries, rejected } = await made([...anna, ['info', [text]]], { value: [name('info')] });
  expect(entries).toEqual([]);
  expect(rejected).toHaveLength(1);
  expect(rejected[0]).toContain(`: the value: ${problem}`);
  expect(rejected[0]?.length).toBeLessThan(400);
});

test('a value of 18,900 bytes is taken', async () => {
  const text = 'x'.repeat(18_900);
  const { entries } = await made([...anna, ['info', [text]]], {
    value: [name('info')],
    domains: ['other.org'],
  });
  expect(entries).toEqual([`a@other.org: ${text}`]);
});

test('a recipient without the attribute that the value names is rejected once', async () => {
  for (const attributes of [anna, [...anna, ['info', ['']] as const]]) {
    const { entries, rejected } = await made(attributes, { value: [name('info')] });
    expect(entries).toEqual([]);
    expect(rejected).toEqual([': no info']);
  }
  const elsewhere = await made(anna, { value: [name('info')], domains: ['third.org'] });
  expect(elsewhere.rejected).toEqual([]);
});

test('an attribute as key gives an entry for each of its values', async () => {
  const attributes: Attributes = [...anna, ['uid', ['Anna1', 'anna2', 'bad\n']], ['code', ['9', '10', '1']]];
  const { entries, rejected } = await made(attributes, {
    key: [name('uid'), '@x.y'],
    value: [name('code'), '/', name('uid')],
  });
  expect(entries).toEqual(['anna1@x.y: 1/Anna1', 'anna2@x.y: 1/anna2']);
  expect(rejected).toHaveLength(1);
  const primary = await made(attributes, { key: [name('primary')], value: [name('code')] });
  expect(primary.entries).toEqual(['anna@example.org: 1']);
  const none = await made(anna, { key: [name('uid')], value: ['x'] });
  expect(none).toMatchObject({ entries: [], rejected: [': no uid'] });
});

test('keys are lower-cased byte by byte, and no longer than 255 bytes', async () => {
  const keyOf = (text: string) => made([['uid', [text]]], { key: [name('uid')], value: ['x'] });
  expect((await keyOf('\u212aÉZ')).entries).toEqual([`${Buffer.from('\u212aÉz').toString('latin1')}: x`]);
  expect((await keyOf('K'.repeat(255))).entries).toEqual([`${'k'.repeat(255)}: x`]);
  expect((await keyOf('k'.repeat(256))).rejected[0]).toContain('the key: longer than 255 bytes');
  expect((await keyOf('')).entries).toEqual([]);
});

test('two selections take the same recipient, each in its way', async () => {
  objects = [
    [
      'cn=A,dc=test',
      [
        ['proxyAddresses', ['SMTP:a@x.y', 'smtp:a b@x.y']],
        ['targetAddress', ['SMTP:a@t.z']],
      ],
    ],
    ['cn=B,dc=test', [['proxyAddresses', ['SMTP:b@x.y']]]],
  ];
  const { entries, rejected } = await collect(settingsFor([server.url]), [
    addresses,
    { ...addresses, value: [name('targetAddress')] },
    { ...addresses, key: [name('local_part')], value: [name('address')] },
  ]);
  expect(entries).toEqual([['a@x.y: a@x.y', 'b@x.y: b@x.y'], ['a@x.y: a@t.z'], ['a: a@x.y', 'b: b@x.y']]);
  expect(rejected.map((some) => some.map(({ dn, reason }) => `${dn} ${reason}`))).toEqual([
    ['cn=A,dc=test a character that no local part has'],
    ['cn=A,dc=test a character that no local part has', 'cn=B,dc=test no targetAddress'],
    ['cn=A,dc=test a character that no local part has'],
  ]);
});

test('only the attributes that are needed are asked for', async () => {
  await made(anna, { key: [name('address')], value: [name('primary'), name('targetAddress')] });
  expect(server.searches.at(-1)?.attributes).toEqual(['entryUUID', 'proxyAddresses', 'targetAddress']);
  await made(anna, { key: [name('uid')], value: [name('UID')] });
  expect(server.searches.at(-1)?.attributes).toEqual(['entryUUID', 'uid']);
});

test('names of objects are made printable', async () => {
  objects = [['cn=A\nB\u202e,dc=test', [['proxyAddresses', ['smtp:x']]]]];
  const { rejected } = await collect(settingsFor([server.url]), [addresses]);
  expect(rejected[0]?.[0]?.dn).toBe('cn=A\\0AB\\E2\\80\\AE,dc=test');
});

test.each([
  [['constant'], ['x'], 'the same for every recipient'],
  [[name('uid')], [name('address')], 'that the key does not choose'],
])('templates that make no sense are refused before any server is asked', async (key, value, problem) => {
  const before = server.connections;
  await expect(made(anna, { key, value })).rejects.toThrow(problem);
  expect(server.connections).toBe(before);
});
