import { dbmbuild } from './dbmbuild/run.ts';

async function main(): Promise<void> {
  const { status, stdout, stderr } = await dbmbuild(process.argv.slice(2));
  for (const [stream, text] of [
    [process.stdout, stdout],
    [process.stderr, stderr],
  ] as const) {
    stream.on('error', () => {}); // Nobody reads any more: the status still tells.
    if (text.length > 0) stream.write(text);
  }
  process.exitCode = status;
}

void main();
