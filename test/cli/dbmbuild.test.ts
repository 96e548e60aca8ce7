import { afterAll, describe, it } from 'vitest';
import { rivalsAgree } from './dbmbuild-property.ts';
import { Rivals } from './dbmbuild-runs.ts';

const rivals = new Rivals();
afterAll(() => rivals.close());

describe('mailhub-dbmbuild', () => {
  it('ends, prints and stores as exim_dbmbuild does', async () => {
    await rivalsAgree(rivals, 300);
  });
});
