import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probe } from '../../src/ldap/probe.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { type Samba, startSamba } from '../samba/samba.ts';
import { collect, settingsFor } from './collect.ts';
import { bindResponse, searchDone } from './messages.ts';
import { startScripted } from './scripted-server.ts';
import { type Slapd, startSlapd, suffix } from './slapd.ts';

const DAY = 86_400_000;
const filter = '(proxyAddresses=*)';
let folder: string;
let samba: Samba;
let slapd: Slapd;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'password-expiry-'));
  samba = await startSamba();
  const reader = `cn=reader,${suffix}`;
  writeFileSync(
    join(folder, 'test.ldif'),
    [
      `dn: ${suffix}\nobjectClass: organization\nobjectClass: dcObject\no: test\ndc: test\n`,
      `dn: cn=policy,${suffix}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\npwdAttribute: userPassword\npwdMaxAge: ${10 * 86_400}\npwdExpireWarning: ${8 * 86_400}\npwdGraceAuthNLimit: 5\n`,
      ...(
        [
          ['reader', 3],
          ['fresh', 1],
          ['late', 11],
        ] as const
      ).map(
        ([name, age]) =>
          `dn: ${reader.replace('reader', name)}\nobjectClass: person\ncn: ${name}\nsn: ${name}\nuserPassword: geheim\npwdChangedTime: ${generalized(Date.now() - age * DAY)}\n`,
      ),
    ].join('\n'),
  );
  writeFileSync(join(folder, 'password'), 'geheim', { mode: 0o600 });
  slapd = await startSlapd({
    folder: join(folder, 'slapd'),
    schema: ['/etc/ldap/schema/core.schema'],
    ldif: join(folder, 'test.ldif'),
    serverLines: ['moduleload ppolicy'],
    databaseLines: ['overlay ppolicy', `ppolicy_default "cn=policy,${suffix}"`],
  });
});
afterAll(async () => {
  await samba?.stop();
  await slapd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const generalized = (time: number) =>
  new Date(time)
    .toISOString()
    .replace(/[-:T]/g, '')
    .replace(/\.\d+Z$/, 'Z');

function active(changes: Partial<DirectorySettings> = {}): DirectorySettings {
  const { ldapsUrl, base, bindDn, passwordFile, caFile } = samba;
  return settingsFor([ldapsUrl], { base, bindDn, passwordFile, caFile, ...changes });
}

const openldap = (name: string): DirectorySettings =>
  settingsFor([slapd.url], {
    base: suffix,
    bindDn: `cn=${name},${suffix}`,
    passwordFile: join(folder, 'password'),
    allowPlaintext: true,
  });

/** Days, to the nearest. */
const daysTo = (date: Date | undefined) => date && Math.round((date.getTime() - Date.now()) / DAY);

test('Active Directory is asked by one request, by whatever name the account binds, and only when it is to be', async () => {
  expect((await probe(active(), [filter])).passwordExpires, 'none ends in this domain').toBeUndefined();
  const maxPwdAge = (days: number) =>
    samba.change(
      `dn: ${samba.base}\nchangetype: modify\nreplace: maxPwdAge\nmaxPwdAge: ${-days * 86_400}0000000\n`,
    );
  await maxPwdAge(10);
  try {
    const name = 'svc-mailhub';
    const domain = samba.base.replace(/,?DC=/g, '.').slice(1);
    for (const bindDn of [samba.bindDn, `${name}@${domain}`, `CAMPUS\\${name}`]) {
      const { passwordExpires } = await probe(active({ bindDn }), [filter]);
      expect(daysTo(passwordExpires), bindDn).toBe(10);
    }
    const selection = { filter, key: [{ name: 'address' }], value: ['x'], domains: undefined };
    const quiet = await collect(active(), [selection]);
    const asking = await collect(active(), [selection], { askPasswordExpiry: true });
    expect(quiet.report.passwordExpires).toBeUndefined();
    expect(daysTo(asking.report.passwordExpires)).toBe(10);
    expect(asking.report.requests - quiet.report.requests).toBe(1);
  } finally {
    await maxPwdAge(0);
  }
});

test('OpenLDAP says it with the answer to the bind, when its policy wants a warning', async () => {
  expect(daysTo((await probe(openldap('reader'), ['(cn=*)'])).passwordExpires)).toBe(7);
  expect((await probe(openldap('fresh'), ['(cn=*)'])).passwordExpires).toBeUndefined();
  expect(daysTo((await probe(openldap('late'), ['(cn=*)'])).passwordExpires), 'let in by grace').toBeCloseTo(
    0,
  );
});

test('a word on the password that is no BER is passed over', async () => {
  const oid = Buffer.from('1.3.6.1.4.1.42.2.27.8.5.1');
  const value = Buffer.from([0x30, 0x7f, 0xa0]);
  const inner = Buffer.concat([
    Buffer.from([0x04, oid.length]),
    oid,
    Buffer.from([0x04, value.length]),
    value,
  ]);
  const controls = Buffer.concat([Buffer.from([0xa0, inner.length + 2, 0x30, inner.length]), inner]);
  await using server = await startScripted({
    bind(id, socket) {
      const answer = bindResponse(id, 0);
      const longer = Buffer.concat([answer, controls]);
      longer[1] = (longer[1] ?? 0) + controls.length;
      socket.write(longer);
    },
    search: ({ id }, socket) => socket.write(searchDone(id, 0, Buffer.alloc(0))),
  });
  const settings = settingsFor([server.url], {
    bindDn: 'cn=a',
    passwordFile: join(folder, 'password'),
    allowPlaintext: true,
    operationTimeout: 5000,
  });
  expect((await probe(settings, ['(cn=*)'])).passwordExpires).toBeUndefined();
});
