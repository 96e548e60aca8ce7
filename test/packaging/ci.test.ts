import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const summary = fileURLToPath(new URL('../../.ci/summary.mjs', import.meta.url));

describe('.ci/summary.mjs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailhub-ci-'));
  const file = join(directory, 'report.json');

  afterAll(() => rmSync(directory, { recursive: true }));

  function summarize(report: object) {
    writeFileSync(file, JSON.stringify(report));
    const { status, stdout } = spawnSync(process.execPath, [summary, file], { encoding: 'utf8' });
    return { status, stdout };
  }

  const passedOnly = {
    numPassedTests: 7,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
  };

  it('prints the figures of the report on one line', () => {
    expect(summarize(passedOnly)).toEqual({ status: 0, stdout: '7 passed, 0 failed\n' });
    expect(summarize({ ...passedOnly, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }).stdout).toBe(
      '7 passed, 2 failed, 2 skipped\n',
    );
  });

  it('counts a file that could not be loaded as a failure', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(summarize({ ...passedOnly, testResults }).stdout).toBe('7 passed, 1 failed\n');
  });

  it('does not take a missing report, or one without tests, for success', () => {
    expect(summarize({ ...passedOnly, numPassedTests: 0 }).status).toBe(1);
    rmSync(file);
    expect(spawnSync(process.execPath, [summary, file]).status).toBe(1);
  });
});
