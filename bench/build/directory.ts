import { closeSync, openSync, writeSync } from 'node:fs';
import { base, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';

const DOMAINS = [
  'example.ac.uk',
  'arts.example.ac.uk',
  'phys.example.ac.uk',
  'law.example.ac.uk',
  'zoo.example.ac.uk',
];
const RECIPIENTS = `OU=Recipients,${base}`;
const MAILBOX_STORE = `CN=Store,${base}`;

/** Writes a directory of recipients with five SMTP addresses each as LDIF: every second one is on the local Exchange. */
export function writeDirectory(path: string, recipients: number): void {
  const file = openSync(path, 'w');
  const write = (lines: readonly string[]): void => {
    writeSync(file, `${lines.join('\n')}\n\n`);
  };
  write([`dn: ${base}`, 'objectClass: domainDNS', 'dc: ad']);
  for (const ou of ['Recipients', 'Services']) {
    write([`dn: OU=${ou},${base}`, 'objectClass: organizationalUnit', `ou: ${ou}`]);
  }
  write([
    `dn: ${serviceAccount}`,
    'objectClass: user',
    'cn: svc-mailhub',
    'sAMAccountName: svc-mailhub',
    `userPassword: ${servicePassword}`,
  ]);
  for (let i = 0; i < recipients; i++) write(recipient(i));
  closeSync(file);
}

function recipient(i: number): string[] {
  // Scattered, as names are: neighbours in the directory are none in the tables.
  const local = `${(Math.imul(i, 2654435761) >>> 0).toString(36)}.person${i}`;
  const lines = [
    `dn: CN=${local},${RECIPIENTS}`,
    'objectClass: user',
    `cn: ${local}`,
    `sAMAccountName: p${i}`,
    ...DOMAINS.map((domain, n) => `proxyAddresses: ${n === 0 ? 'SMTP' : 'smtp'}:${local}@${domain}`),
  ];
  if (i % 2 === 0) lines.push(`homeMDB: ${MAILBOX_STORE}`, 'msExchRecipientTypeDetails: 1');
  else
    lines.push(
      `targetAddress: SMTP:${local}@example.mail.onmicrosoft.com`,
      'msExchRecipientTypeDetails: 2147483648',
    );
  return lines;
}
