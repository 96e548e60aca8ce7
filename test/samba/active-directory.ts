import { base, mailboxDatabase, mailboxDatabases } from '../../fixtures/campus/university.ts';
import { type LdifRecord, readLdif } from '../../fixtures/ldif.ts';
import { record } from './ldif-text.ts';

/** What a new domain has by itself. */
const itsOwn = [base, `CN=Users,${base}`];

/**
 * A campus' directory (fixtures/campus) as LDIF that a domain controller takes. What is translated:
 *
 * - the domain itself and CN=Users are there already, with GUIDs of their own; all others keep theirs;
 * - objectCategory follows from the class;
 * - a password is a unicodePwd, any will do, and none expires;
 * - members come after the groups, as they have to exist;
 * - mailbox databases, which the campus only names, become containers;
 * - an equals sign in a name is escaped in its DN: RFC 4514 leaves that open, ldb doesn't.
 */
export async function activeDirectory(path: string): Promise<string> {
  const objects: string[] = [passwords(), ...databases()];
  const members: string[] = [];
  for await (const { dn: spelled, attributes } of readLdif(path)) {
    if (itsOwn.includes(spelled)) continue;
    const dn = escaped(spelled);
    objects.push(record(dn, attributes.flatMap(translated)));
    const inside = attributes.filter(([name]) => name === 'member');
    if (inside.length === 0) continue;
    const values = inside.map(([name, value]) => [name, escaped(value.toString())] as const);
    members.push(record(dn, [['changetype', 'modify'], ['add', 'member'], ...values]));
  }
  return [...objects, ...members].join('\n');
}

function translated([name, value]: LdifRecord['attributes'][number]): LdifRecord['attributes'] {
  if (name === 'objectCategory' || name === 'member') return [];
  if (name === 'userPassword') return [['unicodePwd', Buffer.from(`"${value}"`, 'utf16le')]];
  return [[name, value]];
}

function escaped(dn: string): string {
  return dn.replace(
    /((?:^|[^\\],)[^=]*=)((?:\\.|[^,\\])*)/g,
    (_, type: string, value: string) => type + value.replace(/(?<!\\)=/g, '\\='),
  );
}

function passwords(): string {
  const properties = { pwdProperties: '0', minPwdLength: '0', maxPwdAge: '0' };
  return Object.entries(properties)
    .map(([name, value]) =>
      record(base, [
        ['changetype', 'modify'],
        ['replace', name],
        [name, value],
      ]),
    )
    .join('\n');
}

function databases(): string[] {
  const services = `CN=Services,CN=Configuration,${base}`;
  const dns = new Set<string>();
  for (const name of mailboxDatabases) {
    const above: string[] = [];
    for (let dn = mailboxDatabase(name); dn !== services; dn = dn.replace(/^.*?[^\\],/, ''))
      above.unshift(dn);
    for (const dn of above) dns.add(dn);
  }
  return [...dns].map((dn) => record(dn, [['objectClass', 'container']]));
}
