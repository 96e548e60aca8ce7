import type { Client } from 'ldapts';
import { expect } from 'vitest';
import type { DirectorySettings } from '../../../src/ldap/types.ts';
import { Runs } from './runs.ts';

/** Moves a person, and then a whole unit, from the base of the searches to `elsewhere`. */
export async function checkLeaving(
  place: { readonly settings: DirectorySettings; readonly client: Client; readonly base: string },
  elsewhere: string,
): Promise<void> {
  const { settings, client, base } = place;
  const runs = new Runs(settings);
  await client.add(`OU=apart,${base}`, { objectClass: 'organizationalUnit' });
  for (const name of ['one', 'two']) {
    await client.add(`CN=${name},OU=apart,${base}`, {
      objectClass: 'user',
      mailNickname: name,
      proxyAddresses: `SMTP:${name}@example.org`,
    });
  }
  await runs.next();
  const before = runs.contents.length;
  await client.modifyDN(`CN=one,OU=apart,${base}`, `CN=gone,${elsewhere}`);
  expect((await runs.next()).mode).toBe('delta');
  expect(runs.contents).toHaveLength(before - 1);
  await client.modifyDN(`OU=apart,${base}`, `OU=gone,${elsewhere}`);
  expect((await runs.next()).mode).toBe('full');
  expect(runs.contents).toEqual(await runs.fresh());
  expect(runs.contents).toHaveLength(before - 2);
}
