import { ldapsearch } from '../fixtures/ldapsearch.ts';

interface Account {
  readonly ldapsUrl: string;
  readonly caFile: string;
  readonly base: string;
  readonly bindDn: string;
  readonly password: string;
}

/** What a server calls its objects for good, asked for with ldapsearch: hexadecimal digits by DN. */
export async function idsOf(server: Account): Promise<(dn: string) => string> {
  const account = ['-D', server.bindDn, '-w', server.password, '-b', server.base];
  const all = [...account, '-E', 'pr=500/noprompt', '(proxyAddresses=*)', 'entryUUID', 'objectGUID'];
  const { output, diagnostics, status } = await ldapsearch(server.ldapsUrl, all, server.caFile);
  if (status !== 0) throw new Error(`ldapsearch ended with ${status}: ${diagnostics}`);
  const ids = new Map<string, string>();
  for (const block of output.split('\n\n')) {
    const value = (name: string): Buffer | undefined => {
      const [, encoded, text = ''] = new RegExp(`^${name}:(:)? (.*)$`, 'm').exec(block) ?? [];
      return text === '' ? undefined : Buffer.from(text, encoded === undefined ? 'utf8' : 'base64');
    };
    const dn = value('dn');
    const uuid = value('entryUUID')?.toString('latin1').replaceAll('-', '');
    const id = uuid ?? value('objectGUID')?.toString('hex');
    if (dn !== undefined && id !== undefined) ids.set(plainDn(dn.toString('utf8')), id);
  }
  return (dn) => ids.get(plainDn(dn)) ?? '';
}

/** Servers spell the same DN in several ways. */
function plainDn(dn: string): string {
  return dn.replace(/\\2C/gi, '\\,').toLowerCase();
}
