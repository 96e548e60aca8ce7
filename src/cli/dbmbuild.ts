import { dbmbuild } from './dbmbuild/run.ts';

const { status, stdout, stderr } = await dbmbuild(process.argv.slice(2));
for (const [stream, text] of [
  [process.stdout, stdout],
  [process.stderr, stderr],
] as const) {
  stream.on('error', () => {}); // Nobody reads any more: the status still tells.
  if (text.length > 0) stream.write(text);
}
process.exitCode = status;
