/** Notes what tests themselves say while programs are tested: their errors, whole, and what they print. */
import { inspect } from 'node:util';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { note } from './traces.ts';

type ConsoleLog = Parameters<NonNullable<Reporter['onUserConsoleLog']>>[0];

/** Of an error nothing is left out. */
const whole = { maxStringLength: Infinity, maxArrayLength: Infinity };

export default class TracesReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    for (const error of test.result().errors ?? [])
      note('reported', test.name, inspect(error, { depth: 8, ...whole }));
  }
  onUserConsoleLog({ type, content }: ConsoleLog): void {
    note('reported', type, content);
  }
  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    note('ran', 'tests', relativeModuleId);
  }
}
