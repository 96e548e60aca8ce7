import { line, type Value } from '../../fixtures/campus/ldif-writer.ts';

/** A record of LDIF (RFC 2849), of content or, where `changetype` comes first, of changes. */
export function record(dn: string, attributes: readonly (readonly [name: string, value: Value])[]): string {
  return [line('dn', dn), ...attributes.map(([name, value]) => line(name, value))].join('');
}
