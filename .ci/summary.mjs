// Prints `N passed, N failed` from vitest's JSON report; status 1 when there is no report or no test ran.
import { readFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(path, 'utf8'));
} catch (error) {
  console.error(`No test report: ${error.message}`);
  process.exit(1);
}

// A file that could not be loaded has no tests to count, but it failed.
const unloaded = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
const passed = report.numPassedTests;
const failed = report.numFailedTests + unloaded.length;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = passed + failed > 0 ? 0 : 1;
