// One table: reads a `.dat`, writes a file of the format asked for, forces it to the disk, reads every entry back.
import { readFileSync } from 'node:fs';
import { type FormatName, formats } from '../../src/dbm/index.ts';
import { readDat } from '../../src/tables/dat/read.ts';

const [, , name = '', dat = '', table = ''] = process.argv;
const format = formats[name as FormatName];
const pairs = readDat(readFileSync(dat));
await format.write(table, pairs, { readBack: true });
