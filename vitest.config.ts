/**
 * Two kinds of tests: pure ones, which share modules and all cores; and those with real processes or long seeds, of which
 * more run at once since they wait. What these leave behind is searched for secrets when all of them are over. Those that
 * kill and start so many daemons that `npm test` would take too long are run by `npm run long`.
 */
import os from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * Every Node reads and parses these certificates at its start, and of all that are started here none asks anybody on the
 * web. Only `npm ci` may (test/cli/readme.test.ts).
 */
const certificates = process.env['NODE_EXTRA_CA_CERTS'];
if (certificates !== undefined) {
  process.env['BELLWETHER_EXTRA_CA_CERTS'] = certificates;
  delete process.env['NODE_EXTRA_CA_CERTS'];
}

const real = [
  'test/attack/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/sim/**/*.test.ts',
  'test/fleet-examples/**/*.test.ts',
  'test/shepherd/node/**/*.test.ts',
  'test/herd/config/**/*.test.ts',
];
const long = [
  'attack/disk',
  'attack/machine',
  'attack/masses',
  'attack/services',
  'cli/audit',
  'cli/carrying',
  'cli/chores',
  'cli/comebacks',
  'cli/commands',
  'cli/completion',
  'cli/confirming',
  'cli/constructors',
  'cli/contrib',
  'cli/deploy-faults',
  'cli/deploy-kills',
  'cli/depot-thread',
  'cli/direct',
  'cli/dumps',
  'cli/ends',
  'cli/far-controller',
  'cli/flood',
  'cli/full-logs',
  'cli/gnu/basic',
  'cli/gnu/daemon',
  'cli/gnu/processes',
  'cli/gnu/states',
  'cli/grant-operations',
  'cli/hostile-releases',
  'cli/hostile-user',
  'cli/inetd',
  'cli/init-ends',
  'cli/joined',
  'cli/keeper',
  'cli/keeper-kills',
  'cli/left-slots',
  'cli/lives',
  'cli/logs',
  'cli/machine',
  'cli/machines',
  'cli/moved',
  'cli/net',
  'cli/newer',
  'cli/operations',
  'cli/plan',
  'cli/readiness',
  'cli/release',
  'cli/reload',
  'cli/rolling',
  'cli/rolling-deploy',
  'cli/selectors',
  'cli/slot-users',
  'cli/sockets',
  'cli/state',
  'cli/story-10',
  'cli/story-11',
  'cli/story-2-silent',
  'cli/story-7',
  'cli/story-8',
  'cli/strangers',
  'cli/surroundings',
  'cli/system-log',
  'cli/terminal',
  'cli/timers',
  'cli/warm-up',
  'cli/watch',
  'cli/websocket',
  'cli/when-online',
  'fleet-examples/deploy-agent',
  'fleet-examples/operators',
  'fleet-examples/web-server-fleet',
  'ocapn/captp/long-programs',
  'shepherd/node/child-process-backend',
  'shepherd/node/keeper-kills',
  'shepherd/node/keeper-variants',
  'sim/chaos-with-bugs',
  'sim/roll-chaos',
  'store/kills',
].map((name) => `test/${name}.test.ts`);
const processes = {
  pool: 'forks',
  isolate: false,
  globalSetup: ['./test/support/traces-setup.ts'],
  testTimeout: 240_000, // for what never ends: what is claimed of times is in the tests
  hookTimeout: 240_000,
  maxWorkers: 4, // they wait more than they work
  sequence: { groupOrder: 1 },
} as const;
const last = ['test/secrets/whole-run.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/support/traces-reporter.ts', './test/support/count-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...real, ...long, ...last, 'test/bench/**', 'test/interop/**'],
          pool: 'forks', // some count what their process has open, or holds
          isolate: false,
          maxWorkers: Math.max(2, os.availableParallelism() - 1), // on two cores vitest takes one
          testTimeout: 120_000, // a property of a thousand cases takes a while where the machine is busy
          hookTimeout: 120_000,
        },
      },
      { test: { name: 'real', include: real, exclude: long, ...processes } },
      {
        test: {
          name: 'last',
          include: last,
          pool: 'forks',
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      { test: { name: 'long', include: long, ...processes } },
    ],
  },
});
