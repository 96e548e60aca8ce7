// One table: reads a `.dat`, writes a file of the format asked for, forces it to the disk, reads every entry back.
import { Input } from '../../src/cli/dbmbuild/input.ts';
import { type FormatName, formats } from '../../src/dbm/index.ts';
import { SecondThread } from '../../src/dbm/second-thread/second-thread.ts';
import { DatReader } from '../../src/tables/dat/read.ts';

const [, , name = '', dat = '', table = ''] = process.argv;
const format = formats[name as FormatName];
const input = new Input(dat);
let reader = new DatReader(0);
let second: SecondThread | undefined;
const room = (size: number) => {
  if (format.isShared) second = SecondThread.startFor(size);
  reader = new DatReader(size);
  return reader.bytes;
};
for await (const filled of input.read(room)) reader.read(filled);
input.close();
await format.write(table, reader.finish(), { readBack: true, second });
second?.end();
