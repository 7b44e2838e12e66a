import { describe } from 'vitest';
import { makeChildProcessBackend } from '../../../packages/shepherd/src/node/index.ts';
import { backendSuite } from './backend-suite.ts';

describe('the backend on child_process', () => {
  backendSuite((powers) => Promise.resolve(makeChildProcessBackend(powers)));
});
