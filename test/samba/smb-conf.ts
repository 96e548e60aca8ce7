import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../../fixtures/certificates.ts';

export interface SmbConfOptions {
  /** The loopback address that it serves. */
  readonly address?: string;
  readonly certificate?: Certificate & { readonly caFile: string };
}

/** Writes the configuration of a domain controller that has all that is its own in `folder`. @returns its path */
export function writeSmbConf(folder: string, { address, certificate }: SmbConfOptions = {}): string {
  const etc = join(folder, 'etc');
  for (const path of ['etc', 'cache', 'lock', 'run']) mkdirSync(join(folder, path), { recursive: true });
  const path = join(etc, 'smb.conf');
  const settings = {
    'netbios name': 'DC1',
    workgroup: 'CAMPUS',
    realm: 'AD.EXAMPLE.AC.UK',
    'server role': 'active directory domain controller',
    'server services': 'ldap',
    'dsdb:schema update allowed': 'yes',
    // What survives a power cut is of no interest here.
    'ldb:nosync': 'true',
    'private dir': join(folder, 'private'),
    'state directory': join(folder, 'state'),
    'cache directory': join(folder, 'cache'),
    'lock directory': join(folder, 'lock'),
    'pid directory': join(folder, 'run'),
    'binddns dir': join(folder, 'bind-dns'),
    'ncalrpc dir': join(folder, 'ncalrpc'),
    'winbindd socket directory': join(folder, 'winbindd'),
    'ntp signd socket directory': join(folder, 'ntp'),
    'log file': join(folder, 'log'),
    'bind interfaces only': 'yes',
    ...(address === undefined ? {} : { interfaces: `${address}/8` }),
    ...(certificate === undefined
      ? {}
      : {
          'tls certfile': certificate.certFile,
          'tls keyfile': certificate.keyFile,
          'tls cafile': certificate.caFile,
        }),
  };
  const shares = {
    sysvol: join(folder, 'state/sysvol'),
    netlogon: join(folder, 'state/sysvol/ad.example.ac.uk/scripts'),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const sections = Object.entries(shares).map(([name, place]) => `[${name}]\npath = ${place}`);
  writeFileSync(path, ['[global]', ...lines, ...sections, ''].join('\n'));
  return path;
}
