import { CommanderError } from 'commander';
import { createProgram } from './command-line.ts';
import { load } from './load.ts';
import { Status } from './status.ts';

for (const stream of [process.stdout, process.stderr]) stream.on('error', outlive);
void main(process.argv).then((status) => {
  process.exitCode ??= status;
});

/** Whoever reads our output may leave early, as `head` does: what was done is done, and the status tells. */
function outlive(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.exitCode = Status.error;
}

async function main(argv: readonly string[]): Promise<number> {
  let status: number = Status.ok;
  const program = createProgram((result) => {
    status = result;
  });
  try {
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Status.ok : Status.usage;
    const { explain } = await load('explainError');
    const explained = explain(error);
    process.stderr.write(`mailhub-tables: ${explained.message}\n`);
    return explained.status;
  }
}
