import type { BuildOptions } from 'esbuild';

export function bundle(options: BuildOptions): Promise<void>;
export function bundleModules(outdir: string, entryPoints: Record<string, string>): Promise<void>;
export function bundlePrograms(outdir: string): Promise<void>;
