import type { StoredContents } from './contents.ts';
import type { Gathered } from './gatherer.ts';

/** Whether every object that was known is there, under the DN that it had. */
export function haveSameNames(before: StoredContents, { table, objects }: Gathered): boolean {
  const old = before.objects();
  if (old.count !== table.count) return false;
  for (let i = 0; i < old.count; i++) {
    const j = table.find(old.ids, i * 16);
    if (j < 0) return false;
    const dn = old.dns.subarray(old.dnStart[i], old.dnEnd[i]);
    if (Buffer.compare(dn, objects.dns.subarray(objects.dnStart[j], objects.dnEnd[j])) !== 0) return false;
  }
  return true;
}
