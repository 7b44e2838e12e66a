/** Two kinds of tests: pure ones share threads and modules (fast); those with real processes or long seeds get forks. */
import { defineConfig } from 'vitest/config';

const real = [
  'test/cli/**/*.test.ts',
  'test/sim/**/*.test.ts',
  'test/fleet-examples/**/*.test.ts',
  'test/shepherd/node/**/*.test.ts',
  'test/herd/config/**/*.test.ts',
  'test/store/kills.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...real, 'test/bench/**', 'test/interop/**'],
          pool: 'threads',
          isolate: false,
        },
      },
      {
        test: {
          name: 'real',
          include: real,
          pool: 'forks',
          isolate: false,
          testTimeout: 60_000,
          maxWorkers: 2, // they wait more than they work
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
