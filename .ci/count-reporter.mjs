import { writeFileSync } from 'node:fs';

/** Leaves the numbers of passed and failed tests of a Jest run in the file that TEST_COUNTS_FILE names. */
export default class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    writeFileSync(process.env.TEST_COUNTS_FILE, `${numPassedTests} ${failed}\n`);
  }
}
