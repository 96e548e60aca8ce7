import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Authority, makeAuthority } from '../../fixtures/certificates.ts';
import { readLdif } from '../../fixtures/ldif.ts';
import { startFixtureServer } from '../../fixtures/server/server.ts';
import { DirectoryError } from '../../src/ldap/error.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { type LdifObject, readObjects } from '../integration/ldif.ts';
import { record } from '../samba/ldif-text.ts';
import { type Samba, startSamba } from '../samba/samba.ts';
import { addresses, collect, settingsFor } from './collect.ts';

const run = promisify(execFile);
const campus = join(import.meta.dirname, '../../fixtures/campus/directory.ldif');
const objects = await readObjects(campus);
const recipients = { ...addresses, filter: '(proxyAddresses=*)' };
let samba: Samba;

beforeAll(async () => {
  samba = await startSamba();
  await samba.change(
    record(outer.dn, [
      ['changetype', 'modify'],
      ['add', 'member'],
      ['member', inner.dn],
    ]),
  );
});

afterAll(() => samba?.stop());

function settings(changes: Partial<DirectorySettings> = {}): DirectorySettings {
  const { ldapsUrl, base, bindDn, passwordFile, caFile } = samba;
  return settingsFor([ldapsUrl], { base, bindDn, passwordFile, caFile, ...changes });
}

/** ASCII letters only, as keys are. */
const lowerCase = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

const integer = ({ values }: LdifObject, name: string) => {
  const [value] = values.get(name) ?? [];
  return value === undefined ? undefined : BigInt(value);
};
const has = ({ values }: LdifObject, name: string, wanted: string) =>
  values.get(name)?.some((value) => value.toLowerCase() === wanted.toLowerCase()) === true;
const isMore = (value: bigint | undefined, bound: bigint) => value !== undefined && value >= bound;

const someone = objects.find(({ dn }) => dn.startsWith('CN=Shouting,'));
const someonesGuid = await guidOf('CN=Shouting,');
const archive = objects
  .flatMap(({ values }) => values.get('homemdb') ?? [])
  .find((dn) => dn.includes('MDB Archive\\, slow'));
const [outer, inner] = groupInGroup();

async function guidOf(start: string): Promise<Buffer> {
  for await (const { dn, attributes } of readLdif(campus)) {
    if (dn.startsWith(start))
      return attributes.find(([name]) => name === 'objectGUID')?.[1] ?? Buffer.alloc(0);
  }
  throw new Error(`no ${start}`);
}

/** Two groups with members. The second becomes a member of the first. */
function groupInGroup(): readonly [outer: LdifObject, inner: LdifObject] {
  const [outer, inner] = objects.filter(({ values }) => values.has('member'));
  if (outer === undefined || inner === undefined) throw new Error('no two groups with members');
  return [outer, inner];
}

const isMember = (group: LdifObject, { dn }: LdifObject) => group.values.get('member')?.includes(dn) === true;

/** A value with every byte escaped that RFC 4515 wants escaped, or all of them. */
const escaped = (text: string) =>
  text.replace(/[*()\\\0]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
const everyByte = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');

const type = 'msExchRecipientTypeDetails';
const details = (object: LdifObject) => integer(object, type.toLowerCase());
const filters: readonly [string, string, (object: LdifObject) => boolean][] = [
  ['an integer of 32 bits and more', `(${type}=2147483648)`, (each) => details(each) === 2147483648n],
  ['a bound of 64 bits', `(${type}>=8589934592)`, (each) => isMore(details(each), 8589934592n)],
  [
    'an upper bound of 64 bits',
    `(${type}<=2147483648)`,
    (each) => (details(each) ?? 2n ** 63n) <= 2147483648n,
  ],
  ['a negative integer', '(groupType=-2147483640)', (each) => integer(each, 'grouptype') === -2147483640n],
  [
    'a negative bound',
    '(groupType<=-2147483640)',
    (each) => has(each, 'objectclass', 'group') && !isMore(integer(each, 'grouptype'), -2147483639n),
  ],
  [
    'all of several bits',
    '(userAccountControl:1.2.840.113556.1.4.803:=514)',
    (each) => integer(each, 'useraccountcontrol') === 514n,
  ],
  [
    'any of several bits',
    '(userAccountControl:1.2.840.113556.1.4.804:=3)',
    (each) => ((integer(each, 'useraccountcontrol') ?? 0n) & 3n) !== 0n,
  ],
  [
    'a bit of a 64-bit integer',
    `(${type}:1.2.840.113556.1.4.803:=2147483648)`,
    (each) => ((details(each) ?? 0n) & 2147483648n) !== 0n,
  ],
  ['a binary GUID', `(objectGUID=${everyByte(someonesGuid)})`, (each) => each === someone],
  ['an escaped star', '(cn=*\\2astar\\2a)', (each) => each.dn.includes('*star*')],
  ['escaped brackets', '(cn=#hash \\28brackets\\29*)', (each) => each.dn.includes('(brackets)')],
  ['an escaped backslash', '(cn=Back\\5cslash*)', (each) => each.dn.includes('Back\\\\slash')],
  [
    'letters beyond ASCII',
    '(displayName=*é*)',
    (each) => /é/i.test(each.values.get('displayname')?.[0] ?? ''),
  ],
  [
    'letters beyond ASCII, each byte escaped',
    `(cn=${everyByte(Buffer.from('李 小龍'))})`,
    (each) => each.dn.startsWith('CN=李 小龍,'),
  ],
  [
    'a DN with a comma',
    `(homeMDB=${escaped(archive ?? '')})`,
    (each) => each.values.get('homemdb')?.[0] === archive,
  ],
  [
    'membership at any depth',
    `(memberOf:1.2.840.113556.1.4.1941:=${escaped(outer.dn)})`,
    (each) => each === inner || isMember(outer, each) || isMember(inner, each),
  ],
  ['a class that others descend from', '(objectClass=person)', (each) => has(each, 'objectclass', 'person')],
  [
    'a category by its short name',
    '(&(objectCategory=person)(objectClass=contact))',
    (each) => has(each, 'objectclass', 'contact'),
  ],
];

test.each(filters)('%s in a filter: %s', async (_, filter, isMatch) => {
  // A domain has accounts and groups of its own, none of which is a recipient.
  const isRecipient = ({ values }: LdifObject) => values.has(type.toLowerCase());
  const wanted = objects
    .filter((object) => isRecipient(object) && isMatch(object))
    .map(({ values }) => lowerCase(values.get('cn')?.[0] ?? 'no name'))
    .sort();
  expect(wanted).not.toEqual([]);
  const named = { ...recipients, key: [{ name: 'cn' }], value: ['x'] };
  const { entries } = await collect(settings(), [
    { ...named, filter: `(&(${type}=*)${filter})` },
    { ...named, filter: '(cn=no such)' },
  ]);
  const names = entries[0]?.map((entry) => Buffer.from(entry.replace(/: x$/, ''), 'latin1').toString());
  expect(names?.sort()).toEqual(wanted);
});

test.each([1000, 97, 1878])('pages of %i give the same entries as one page', async (pageSize) => {
  const whole = await collect(settings({ pageSize: 5000 }), [recipients]);
  const paged = await collect(settings({ pageSize }), [recipients]);
  // Behind a last page that is full, Samba has an empty one.
  expect(paged.report.requests - whole.report.requests).toBe(Math.floor(whole.report.entries / pageSize));
  expect(paged.entries[0]?.toSorted()).toEqual(whole.entries[0]?.toSorted());
});

test('search references at the root of the domain are counted, and nothing else comes of them', async () => {
  const root = await collect(settings(), [recipients]);
  expect(root.report.references).toBeGreaterThan(0);
  const staff = await collect(settings({ base: `OU=Staff,${samba.base}` }), [recipients]);
  expect(staff.report.references).toBe(0);
  const known = new Set(objects.flatMap(({ values }) => values.get('proxyaddresses') ?? []).map(address));
  const found = root.entries[0]?.map((entry) => entry.replace(/: .*/, ''));
  expect(found?.filter((key) => !known.has(key))).toEqual([]);
});

const address = (value: string) => Buffer.from(lowerCase(value.replace(/^smtp:/i, ''))).toString('latin1');

describe.each([
  'OU=Chemistry\\, Physics,OU=Staff',
  'OU=Études celtiques,OU=Staff',
  'OU=Law \\+ Society,OU=Staff',
  'OU=Registry \\"Old Court\\",OU=Staff',
])('in %s', (unit) => {
  test('all recipients are found', async () => {
    const base = `${unit},${samba.base}`;
    const wanted = objects
      .filter(({ dn }) => dn.endsWith(`,${base}`))
      .flatMap(({ values }) => values.get('proxyaddresses') ?? [])
      .filter((value) => /^smtp:/i.test(value));
    expect(wanted).not.toEqual([]);
    const { entries } = await collect(settings({ base }), [recipients]);
    expect(entries[0]?.map((entry) => entry.replace(/: .*/, '')).sort()).toEqual(wanted.map(address).sort());
  });
});

test('more addresses than a domain controller shows at once come whole, also by ranges and below awkward names', async () => {
  const crowded = objects.find(({ dn }) => dn.startsWith('CN=Crowded group,'));
  const wanted = (crowded?.values.get('proxyaddresses') ?? []).map(address).sort();
  expect(wanted.length).toBeGreaterThan(1500);
  const filter = '(cn=Crowded group)';
  const keys = ({ entries }: Awaited<ReturnType<typeof collect>>) =>
    entries[0]?.map((entry) => entry.replace(/: .*/, '')).sort();
  expect(keys(await collect(settings(), [{ ...recipients, filter }]))).toEqual(wanted);

  // Samba has no limit, but knows the ranges that our second question asks for. The fixture server has Windows' limit.
  const { stdout } = await run(
    'ldapsearch',
    [
      ...[
        '-x',
        '-LLL',
        '-o',
        'ldif-wrap=no',
        '-H',
        samba.ldapsUrl,
        '-D',
        samba.bindDn,
        '-y',
        samba.passwordFile,
      ],
      ...['-b', samba.base, filter, 'proxyAddresses;range=1500-*'],
    ],
    { env: { ...process.env, LDAPTLS_CACERT: samba.caFile } },
  );
  expect(stdout.match(/^proxyAddresses;range=1500-\*: /gm)).toHaveLength(wanted.length - 1500);

  const awkward = [`OU=# \\"a\\, b\\" \\\\ \\+ é,${samba.base}`, `CN=\\#1\\=1 \\<x\\>,${samba.base}`];
  const server = await startFixtureServer({
    ldif: [
      { dn: samba.base, attributes: [['objectClass', Buffer.from('domainDNS')]] },
      { dn: `OU=Services,${samba.base}`, attributes: [['objectClass', Buffer.from('organizationalUnit')]] },
      {
        dn: samba.bindDn,
        attributes: [
          ['objectClass', Buffer.from('user')],
          ['userPassword', Buffer.from(samba.password)],
        ],
      },
      ...awkward.map((dn, number) => ({
        dn,
        attributes: [
          ['objectClass', Buffer.from('user')] as const,
          ...wanted.map((text) => ['proxyAddresses', Buffer.from(`SMTP:${number}.${text}`)] as const),
        ],
      })),
    ],
  });
  onTestFinished(() => server.stop());
  const onFixture = { ...settings({ allowPlaintext: true }), urls: [server.url] };
  const ranged = await collect(onFixture, [recipients]);
  expect(keys(ranged)).toEqual(
    awkward.flatMap((_, number) => wanted.map((text) => `${number}.${text}`)).sort(),
  );
  const nobody = await collect(onFixture, [{ ...recipients, filter: '(cn=no such)' }]);
  expect(ranged.report.requests - nobody.report.requests, 'one more for each object').toBe(2);
});

async function failure(changed: DirectorySettings): Promise<DirectoryError> {
  const error = await collect(changed, [recipients]).catch((reason: unknown) => reason);
  if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
  expect(JSON.stringify({ ...error, message: error.message })).not.toContain(samba.password);
  return error;
}

test('a simple bind without TLS is refused, and the message says what to change', async () => {
  const error = await failure({ ...settings({ allowPlaintext: true }), urls: [samba.url] });
  expect(error.result).toEqual({ code: 8, name: 'strongerAuthRequired' });
  expect(error.message).toContain('starttls');
});

test('a wrong password is refused once, and the message says where it comes from', async () => {
  const passwordFile = join(samba.folder, 'wrong.secret');
  writeFileSync(passwordFile, 'not the password', { mode: 0o600 });
  const error = await failure(settings({ passwordFile }));
  expect(error.result?.name).toBe('invalidCredentials');
  expect(error.message).toContain(
    'the password of bind_dn is wrong, or there is no such account: see bind_dn and password_file',
  );
});

test('a search without a bind is refused, and the message says what to change', async () => {
  const error = await failure(settings({ bindDn: undefined, passwordFile: undefined }));
  expect(error.result?.name).toBe('operationsError');
  expect(error.message).toContain('see bind_dn');
});

test('an unknown base is refused, and the message says so', async () => {
  const error = await failure(settings({ base: `OU=Nowhere,${samba.base}` }));
  expect(error.result?.name).toBe('noSuchObject');
  expect(error.message).toContain('see base');
});

test.each([
  ['ldaps', () => settings()],
  ['StartTLS', () => ({ ...settings({ starttls: true }), urls: [samba.url] })],
])('over %s, the certificate of another authority is refused', async (_, right) => {
  expect((await collect(right(), [recipients])).entries[0]?.length).toBeGreaterThan(1000);
  for (const caFile of [makeAuthority(samba.folder).caFile, undefined]) {
    const error = await failure({ ...right(), caFile });
    expect(error.fault).toBe('tls');
    expect(error.message).toContain('see ca_file');
  }
});

test.each([
  [
    'a name that is not the host',
    (authority: Authority) => authority.issue({ name: 'dc1.ad.example.ac.uk' }),
  ],
  ["another server's address", (authority: Authority) => authority.issue({ name: '127.0.0.1' })],
  ['an end in the past', (authority: Authority, name: string) => authority.issue({ name, expired: true })],
])('a certificate with %s is refused', async (_, certificate) => {
  const other = await startSamba({ certificate });
  onTestFinished(() => other.stop());
  const { caFile, base, bindDn, passwordFile } = other;
  for (const [url, starttls] of [
    [other.ldapsUrl, false],
    [other.url, true],
  ] as const) {
    const error = await failure(settingsFor([url], { caFile, base, bindDn, passwordFile, starttls }));
    expect(error.fault).toBe('tls');
  }
});
