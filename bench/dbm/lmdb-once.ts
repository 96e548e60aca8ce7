// One table: reads a `.dat`, writes an LMDB file, forces it to the disk and reads every entry back.
import { readFileSync } from 'node:fs';
import { formats } from '../../src/dbm/index.ts';
import { readDat } from '../../src/tables/dat/read.ts';

const [, , dat = '', table = ''] = process.argv;
const pairs = readDat(readFileSync(dat));
await formats.lmdb.write(table, pairs);
const file = formats.lmdb.open(table);
file.readBack(pairs);
file.close();
