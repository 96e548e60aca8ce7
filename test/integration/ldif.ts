import { readLdif } from '../../fixtures/ldif.ts';

/** An object of an LDIF file, for tests that reason about it: values by attribute name in lower case, as text. */
export interface LdifObject {
  readonly dn: string;
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** objectGUID in hexadecimal digits. */
  readonly guid: string | undefined;
}

export async function readObjects(path: string): Promise<LdifObject[]> {
  const objects: LdifObject[] = [];
  for await (const { dn, attributes } of readLdif(path)) {
    const values = new Map<string, string[]>();
    for (const [name, value] of attributes) {
      const key = name.toLowerCase();
      values.set(key, [...(values.get(key) ?? []), value.toString('utf8')]);
    }
    const guid = attributes.find(([name]) => name.toLowerCase() === 'objectguid')?.[1].toString('hex');
    objects.push({ dn, values, guid });
  }
  return objects;
}
