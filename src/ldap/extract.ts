import type { DirectoryReport, DirectorySettings, RecipientSink, Selection } from './types.ts';
export async function extract(
  _settings: DirectorySettings,
  _selections: readonly Selection[],
  _sink: RecipientSink,
): Promise<DirectoryReport> {
  throw new Error('not yet');
}
