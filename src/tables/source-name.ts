import type { SourceConfig } from '../config/config.ts';

/** How reports name a source. */
export function sourceName(source: SourceConfig): string {
  return source.kind === 'directory' ? `directory ${source.directory}` : source.path;
}
