// One table: reads a `.dat`, writes a file of the format asked for, forces it to the disk, reads every entry back.
import { Input } from '../../src/cli/dbmbuild/input.ts';
import { type FormatName, formats } from '../../src/dbm/index.ts';
import { DatReader } from '../../src/tables/dat/read.ts';

const [, , name = '', dat = '', table = ''] = process.argv;
const format = formats[name as FormatName];
const input = new Input(dat);
let reader: DatReader | undefined;
for await (const { bytes, filled } of input.read()) {
  reader ??= new DatReader(bytes);
  reader.read(filled);
}
input.close();
const pairs = (reader ?? new DatReader(new Uint8Array(0))).finish();
await format.write(table, pairs, { readBack: true });
