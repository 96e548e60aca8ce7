import { testReadBack } from './read-back.ts';
import { testRefusals } from './refusals.ts';
import type { TestedFormat } from './tested-format.ts';
import { testWriting, type Writer, writerOf } from './write.ts';

/**
 * The tests of writing that every format passes, with files in `directory`. Gives what writes a table and has it checked,
 * for the tests that only this format needs.
 */
export function testEveryFormat(tested: TestedFormat, directory: string): Writer {
  const written = writerOf(tested, directory);
  testWriting(tested, written);
  testRefusals(tested, directory, written);
  testReadBack(written);
  return written;
}
