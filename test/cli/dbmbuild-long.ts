import { rivalsAgree } from './dbmbuild-property.ts';
import { Rivals } from './dbmbuild-runs.ts';

// tsx test/cli/dbmbuild-long.ts [RUNS [SEED]]: random options and inputs through both programs, more than a test run has
// time for. Ends with status 1 and the smallest input that it found when they differ.
const [runs = '10000', seed] = process.argv.slice(2);
const chosen = seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(seed);
console.log(`${runs} runs, seed ${chosen}`);
const rivals = new Rivals();
try {
  await rivalsAgree(rivals, Number(runs), chosen);
  console.log('no difference');
} finally {
  rivals.close();
}
