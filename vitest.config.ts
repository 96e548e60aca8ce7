import { defineConfig } from 'vitest/config';

/** How many times as much random tests try; they may take so many times as long. */
const longRun = Number(process.env.LONG_RUN ?? 1);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'scripts/assembly.mjs',
    testTimeout: 120_000 * longRun,
    hookTimeout: 120_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.cache/vitest.json' }]] : ['default'],
  },
});
