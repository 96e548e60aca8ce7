import type { DbmFile, WriteOptions } from './format.ts';
import type { Pairs } from './pairs.ts';

/** What looks at a file that was just written from `pairs`: reads it back, where the options ask for that. */
export function readBackOf(
  open: (options: WriteOptions) => DbmFile,
  pairs: Pairs,
  options: WriteOptions,
): () => void {
  return () => {
    if (options.readBack !== true) return;
    const file = open(options);
    try {
      file.readBack(pairs);
    } finally {
      file.close();
    }
  };
}
