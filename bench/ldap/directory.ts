import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Slapd, startSlapd, suffix } from '../../test/ldap/slapd.ts';

const schema = join(import.meta.dirname, '../../fixtures/schema/active-directory.schema');
const domains = [
  'example.ac.uk',
  'phys.example.ac.uk',
  'chem.example.ac.uk',
  'med.example.ac.uk',
  'lib.example.ac.uk',
];

/**
 * A slapd with so many recipients of five addresses each. Every second one has `homeMDB`, the others `targetAddress`. The database is
 * kept in the temporary folder and used again.
 */
export async function startDirectory(recipients: number): Promise<Slapd> {
  const folder = join(tmpdir(), `mailhub-tables-bench-ldap-${recipients}`);
  mkdirSync(folder, { recursive: true });
  const ldif = join(folder, 'recipients.ldif');
  if (!existsSync(ldif)) writeLdif(ldif, recipients);
  return startSlapd({
    folder,
    schema: [schema],
    ldif,
    databaseLines: ['index objectClass eq', 'index homeMDB,targetAddress pres'],
  });
}

function writeLdif(path: string, recipients: number): void {
  const file = openSync(path, 'w');
  writeSync(file, `dn: ${suffix}\nobjectClass: domainDNS\ndc: test\n\n`);
  writeSync(file, `dn: ou=People,${suffix}\nobjectClass: organizationalUnit\nou: People\n\n`);
  let text = '';
  for (let i = 0; i < recipients; i++) {
    text += record(i);
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
}

function record(i: number): string {
  const name = `User${i.toString().padStart(6, '0')}`;
  const where =
    i % 2 === 0
      ? `homeMDB: cn=MDB${i % 8},cn=Databases,${suffix}`
      : `targetAddress: SMTP:${name}@example.mail.onmicrosoft.com`;
  const addresses = domains.map((domain, d) => `${d === 0 ? 'SMTP' : 'smtp'}:${name}.Alias${d}@${domain}`);
  return [
    `dn: cn=${name},ou=People,${suffix}`,
    'objectClass: user',
    `cn: ${name}`,
    `sAMAccountName: ${name}`,
    `displayName: The Person ${name}`,
    `mail: ${name}.Alias0@example.ac.uk`,
    ...addresses.map((address) => `proxyAddresses: ${address}`),
    where,
    '\n',
  ].join('\n');
}
