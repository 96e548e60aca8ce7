import { base } from '../../fixtures/campus/university.ts';
import { type AttributeType, type ObjectClass, Schema, type Syntax } from '../../fixtures/server/schema.ts';
import { record } from './ldif-text.ts';

const place = `CN=Schema,CN=Configuration,${base}`;

/** Exchange's attributes that don't have its name in theirs. Everything else of fixtures/schema is Active Directory's own. */
const others = ['targetAddress', 'homeMDB', 'mailNickname'];
const classes = ['publicFolder'];
/** 64 bits, which slapd's language does not tell from other integers. */
const large = ['msExchRecipientTypeDetails'];

/** attributeSyntax, oMSyntax and, for names of objects, oMObjectClass (MS-ADTS, section 3.1.1.2.2.2). */
const syntaxes: Partial<Record<Syntax, readonly [string, string, Buffer?]>> = {
  string: ['2.5.5.12', '64'],
  integer: ['2.5.5.9', '2'],
  boolean: ['2.5.5.8', '1'],
  octets: ['2.5.5.10', '4'],
  dn: ['2.5.5.1', '127', Buffer.from([0x2b, 0x0c, 0x02, 0x87, 0x73, 0x1c, 0x00, 0x85, 0x4a])],
};

/** What everybody may read, and administrators and the system change. */
const security =
  'D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPLCLORC;;;AU)';

const isExchange = (name: string) => name.startsWith('msExch') || others.includes(name);

/**
 * Exchange's extension of Active Directory's schema as far as fixtures/schema has it, as LDIF: its attributes, then what uses
 * them, which a server takes once it knows those.
 */
export function exchangeSchema(): readonly [attributes: string, classes: string] {
  const schema = new Schema();
  const attributes = schema.attributeTypes.filter(({ name }) => isExchange(name));
  const added = schema.objectClasses.filter(({ name }) => isExchange(name) || classes.includes(name));
  return [
    attributes.map(attribute).join('\n'),
    [mailRecipients(schema), ...added.map(objectClass)].join('\n'),
  ];
}

function attribute({ name, oid, syntax, singleValue }: AttributeType): string {
  const [attributeSyntax = '', oMSyntax = '', oMObjectClass] = large.includes(name)
    ? ['2.5.5.16', '65']
    : (syntaxes[syntax] ?? []);
  return record(`CN=${commonName(name)},${place}`, [
    ['objectClass', 'attributeSchema'],
    ['lDAPDisplayName', name],
    ['attributeID', oid],
    ['attributeSyntax', attributeSyntax],
    ['oMSyntax', oMSyntax],
    ...(oMObjectClass === undefined ? [] : [['oMObjectClass', oMObjectClass] as const]),
    ['isSingleValued', singleValue ? 'TRUE' : 'FALSE'],
  ]);
}

/** Users, contacts and groups are mailRecipients: what Exchange adds for them goes there. */
function mailRecipients({ objectClasses }: Schema): string {
  const names = objectClasses.filter(({ name }) => ['mailRecipient', 'user'].includes(name));
  const added = names.flatMap(({ may }) => may.filter(isExchange));
  return record(`CN=Mail-Recipient,${place}`, [
    ['changetype', 'modify'],
    ['add', 'mayContain'],
    ...added.map((name) => ['mayContain', name] as const),
  ]);
}

function objectClass({ name, oid, superiors, must, may }: ObjectClass): string {
  const isRecipient = superiors.includes('mailRecipient');
  const commonly = commonName(name);
  return record(`CN=${commonly},${place}`, [
    ['objectClass', 'classSchema'],
    ['lDAPDisplayName', name],
    ['governsID', oid],
    ['subClassOf', superiors.includes('container') ? 'container' : 'top'],
    ...(isRecipient ? [['auxiliaryClass', 'mailRecipient'] as const] : []),
    ['objectClassCategory', '1'],
    ['rDNAttID', 'cn'],
    ...['container', 'organizationalUnit', 'domainDNS'].map((each) => ['possSuperiors', each] as const),
    ...must.map((each) => ['mustContain', each] as const),
    ...may.map((each) => ['mayContain', each] as const),
    ['defaultSecurityDescriptor', security],
    ['defaultObjectCategory', `CN=${commonly},${place}`],
  ]);
}

/** `ms-Exch-Public-Folder` for msExchPublicFolder: Exchange's way, with its name in front where it is left out. */
function commonName(name: string): string {
  const words = name.replace(/^msExch/, '').replace(/(?<=[a-z])(?=[A-Z])/g, '-');
  return `ms-Exch-${words[0]?.toUpperCase()}${words.slice(1)}`;
}
