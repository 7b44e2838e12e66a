import { afterAll, expect, it, vi } from 'vitest';
import { plainEnvironment } from '../../../packages/herd/src/config/environment.ts';
import {
  inetdConnectionCount,
  connectionNameChars,
} from '../../../packages/herd/src/config/limits.ts';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { load } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

it('a description becomes what makes the actors, in its own order', async () => {
  const description = await load(`
import { defineShepherd, service, shell, exec, exported, fleet, ref } from 'bellwether';
export default defineShepherd({ services: [
  fleet({
    provision: ['all'], members: ['www', 'there'], minReady: 1, settleSeconds: 2.5, documentation: 'All.', labels: {},
  }),
  service({
    provision: ['web', 'www'], requirement: ['net'], documentation: 'Serves.', autoStart: true,
    start: exec(['node', 'server.js'], { cwd: '/srv/web', env: { PORT: '80' } }),
    ready: { tcp: '[::1]:80', timeoutSeconds: 1.5 },
    respawn: { limit: 3, windowSeconds: 60, maxDelaySeconds: 5 },
    stop: { signal: 'SIGINT', graceSeconds: 1, run: shell('down $MAINPID', { cwd: '/', user: 33 }) },
    actions: {
      'reload-config': { documentation: 'Reads it anew.', signal: 'SIGHUP' },
      test: { documentation: 'Tests it.', run: exec(['nginx', '-t'], { cwd: '/' }), takesArguments: true },
    },
  }),
  service({ provision: ['net'], remainAfterExit: true, start: exec(['true'], { cwd: '/' }) }),
  service({ provision: ['http'], killGroup: false, pidFile: { path: '/run/../run/x.pid' }, start: exec(['x'], { cwd: '/' }), ready: { http: 'http://[::1]/' } }),
  exported({ provision: ['there'], from: ref('b-web'), node: 'B' }),
  exported({ provision: ['elsewhere'], from: ref('c-web'), requirement: ['net'] }),
] });`);
  const plain = {
    requirement: [],
    documentation: '',
    stop: { signal: 'SIGTERM', graceMs: 5_000 },
    ready: { kind: 'spawned' },
    isOneShot: false,
    actions: {},
    isAutoStarted: false,
  };
  expect(toServiceConfigs(description, { TOKEN: 'x' })).toEqual([
    {
      kind: 'fleet',
      spec: {
        provision: ['all'],
        documentation: 'All.',
        members: ['web', 'there'],
        minReady: 1,
        settleMs: 2_500,
      },
    },
    {
      kind: 'service',
      config: {
        provision: ['web', 'www'],
        requirement: ['net'],
        documentation: 'Serves.',
        start: { argv: ['node', 'server.js'], cwd: '/srv/web', env: { PORT: '80' } },
        stop: {
          signal: 'SIGINT',
          graceMs: 1_000,
          run: {
            argv: ['/bin/sh', '-c', 'down $MAINPID'],
            cwd: '/',
            env: {},
            runAs: { user: 33 },
          },
        },
        ready: { kind: 'tcp', host: '::1', port: 80, timeoutMs: 1_500 },
        isOneShot: false,
        respawn: { limitCount: 3, limitWindowMs: 60_000, delayMs: 100, maxDelayMs: 5_000 },
        actions: {
          'reload-config': { documentation: 'Reads it anew.', kind: 'signal', signal: 'SIGHUP' },
          test: {
            documentation: 'Tests it.',
            kind: 'command',
            command: { argv: ['nginx', '-t'], cwd: '/', env: {} },
            takesArguments: true,
          },
        },
        isAutoStarted: true,
      },
    },
    {
      kind: 'service',
      config: {
        ...plain,
        provision: ['net'],
        start: { argv: ['true'], cwd: '/', env: {} },
        remainsAfterExit: true,
      },
    },
    {
      kind: 'service',
      config: {
        ...plain,
        provision: ['http'],
        keepsGroup: true,
        pidFile: { path: '/run/x.pid', timeoutMs: 5_000 },
        start: { argv: ['x'], cwd: '/', env: {} },
        ready: { kind: 'http', url: 'http://[::1]/', timeoutMs: 10_000 },
      },
    },
    {
      kind: 'exported',
      spec: { provision: ['there'], petname: 'b-web', origin: 'B', requirement: [] },
    },
    {
      kind: 'exported',
      spec: { provision: ['elsewhere'], petname: 'c-web', origin: 'c-web', requirement: ['net'] },
    },
  ]);
});

it('everything has its labels, and a name may be that of a service at a machine', async () => {
  const description = await load(`
import { defineShepherd, service, exported, fleet, slot, ref } from 'bellwether';
export default defineShepherd({ services: [
  service({ provision: ['web'], labels: { role: 'web', canary: '' } }),
  slot({ provision: ['app'], labels: { role: 'app' } }),
  exported({ provision: ['web-server@web-07'], from: ref('b-web'), labels: { role: 'web' } }),
  fleet({ provision: ['all'], members: ['web-server@web-07'], labels: { tier: '1' } }),
] });`);
  const labelled = toServiceConfigs(description, {}).map(
    (one) => ('config' in one ? one.config : one.spec).labels,
  );
  expect(labelled).toEqual([
    { role: 'web', canary: '' },
    { role: 'app' },
    { role: 'web' },
    { tier: '1' },
  ]);
});

it('a fleet follows labels as they are typed without blanks', async () => {
  const description = await load(`
import { defineShepherd, service, fleet } from 'bellwether';
export default defineShepherd({ services: [
  fleet({ provision: ['all'], select: ' role = web, !canary' }),
  fleet({ provision: ['webs'], select: 'role', service: 'web-server', minReady: '50%' }),
  service({ provision: ['web-server'], labels: { role: 'web' } }),
] });`);
  const specs = toServiceConfigs(description, {}).map((one) => ('spec' in one ? one.spec : {}));
  expect(specs).toMatchObject([
    { members: [], follows: { selector: 'role=web,!canary' } },
    { members: [], follows: { selector: 'role', service: 'web-server' }, minReady: '50%' },
    {},
  ]);
});

it('a command inherits what it asks for by name, all if it says so, and its own words win', async () => {
  const description = await load(`
import { defineShepherd, service, exec } from 'bellwether';
export default defineShepherd({ services: [
  service({ provision: ['named'], start: exec(['a'], { inheritEnv: ['TOKEN', 'MISSING'] }) }),
  service({ provision: ['all'], start: exec(['a'], { inheritEnv: true, env: { PATH: '/own' } }),
    actions: { test: { documentation: 'Tests.', run: exec(['b'], { inheritEnv: ['TOKEN'] }) } } }),
] });`);
  const planned = toServiceConfigs(description, { PATH: '/bin', TOKEN: 'x', OTHER: undefined });
  const [named, all] = planned.map((one) => (one.kind === 'service' ? one.config : undefined));
  expect(named?.start?.env).toEqual({ TOKEN: 'x' });
  expect(all?.start?.env).toEqual({ PATH: '/own', TOKEN: 'x' });
  expect(all?.actions['test']).toMatchObject({ command: { env: { TOKEN: 'x' } } });
});

it('every service gets what is no secret, and nothing else of the daemon', () => {
  const plain = {
    PATH: '/bin',
    HOME: '/home/ann',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/run',
    TZ: 'UTC',
  };
  const other = { AWS_SECRET_ACCESS_KEY: 'x', NODE_OPTIONS: '--inspect', LD_PRELOAD: 'a.so' };
  expect(plainEnvironment({ ...plain, ...other, LANG: undefined })).toEqual(plain);
});

it('signs of readiness and bounds of logs become those of each service, a part from the whole', async () => {
  const description = await load(`
import { defineShepherd, service, exec } from 'bellwether';
const start = exec(['x'], { cwd: '/' });
export default defineShepherd({ log: { maxMiB: 2, keep: 3 }, services: [
  service({ provision: ['a'], start, ready: { notifyFd: 3 } }),
  service({ provision: ['b'], start, ready: { exec: exec(['check', '-q']) }, log: { keep: 100 } }),
  service({ provision: ['c'], start, ready: { log: 'Listening (on)', timeoutSeconds: 2 } }),
  service({ provision: ['n'], start, ready: { sdNotify: true } }),
  service({ provision: ['d'], start, log: { rotate: 'weekly', compress: 'none', expireDays: 2 } }),
  service({ provision: ['e'], start, log: { rotate: 'never', compress: 'gzip' } }),
] });`);
  const configs = toServiceConfigs(description, {}).flatMap((one) =>
    one.kind === 'service' ? [one.config] : [],
  );
  expect(configs.map(({ ready }) => ready)).toEqual([
    { kind: 'notify', descriptor: 3, timeoutMs: 10_000 },
    {
      kind: 'exec',
      // As every command, relative to the folder of the configuration.
      command: { argv: ['check', '-q'], env: {}, cwd: expect.stringMatching(/^\/./) },
      timeoutMs: 10_000,
    },
    { kind: 'log', text: 'Listening (on)', timeoutMs: 2_000 },
    { kind: 'sd-notify', timeoutMs: 10_000 },
    { kind: 'spawned' },
    { kind: 'spawned' },
  ]);
  expect(configs.map(({ log }) => log)).toEqual([
    { maxBytes: 2 * 1024 * 1024, keptCount: 3 },
    { maxBytes: 2 * 1024 * 1024, keptCount: 100 },
    { maxBytes: 2 * 1024 * 1024, keptCount: 3 },
    { maxBytes: 2 * 1024 * 1024, keptCount: 3 },
    {
      maxBytes: 2 * 1024 * 1024,
      keptCount: 3,
      when: { kind: 'calendar', seconds: [0], minutes: [0], hours: [22], daysOfWeek: [0] },
      isPacked: false,
      expireMs: 2 * 86_400_000,
    },
    { maxBytes: 2 * 1024 * 1024, keptCount: 3, isPacked: true },
  ]);
});

it('sockets become places, and a lazy service is respawned by the rule of GNU', async () => {
  const description = await load(`
import { defineShepherd, exec, service, shell, socket } from 'bellwether';
export default defineShepherd({ services: [
  service({ provision: ['web'], start: exec(['x'], { cwd: '/' }), sockets: [
    socket({ listen: '[::1]:80', name: 'http' }),
    socket({ listen: '0.0.0.0:53', style: 'datagram' }),
    socket({ listen: '/run/./web.sock', owner: 'root', mode: 0o600 }),
  ] }),
  service({ provision: ['eager'], start: exec(['x'], { cwd: '/' }), lazyStart: false,
    live: { exec: shell('ping', { cwd: '/' }), failures: 100, everySeconds: 1 }, sockets: [
    socket({ listen: '/a', backlog: 1, bindAttempts: 1 }),
  ] }),
] });`);
  const usual = { name: 'unknown', style: 'stream', backlog: 128, bindAttempts: 5 };
  const modes = { mode: 0o666, folderMode: 0o755 };
  const configs = toServiceConfigs(description, {}).map((one) =>
    one.kind === 'service' ? one.config : undefined,
  );
  expect(configs).toMatchObject([
    {
      isLazy: true,
      respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 30_000 },
      sockets: [
        { ...usual, ...modes, name: 'http', place: { family: 6, host: '::1', port: 80 } },
        { ...usual, ...modes, style: 'datagram', place: { family: 4, host: '0.0.0.0', port: 53 } },
        {
          ...{ ...usual, ...modes, owner: 'root', mode: 0o600 },
          place: { family: 'unix', host: '/run/web.sock', port: 0 },
        },
      ],
    },
    {
      sockets: [{ backlog: 1, bindAttempts: 1 }],
      live: {
        probe: {
          kind: 'exec',
          command: { argv: ['/bin/sh', '-c', 'ping'], cwd: '/' },
          timeoutMs: 5_000,
        },
        everyMs: 1_000,
        failureCount: 100,
      },
    },
  ]);
  expect(configs[1]).not.toHaveProperty('isLazy');
  expect(configs[1]).not.toHaveProperty('respawn');
});

it('a service with a process for each connection has sockets that accept, and bounds', async () => {
  const description = await load(`
import { defineShepherd, exec, service, socket } from 'bellwether';
const sockets = [socket({ listen: '127.0.0.1:7' }), socket({ listen: '/run/echo' })];
const start = exec(['cat'], { cwd: '/' });
export default defineShepherd({ services: [
  service({ provision: ['echo'], start, sockets, activation: 'inetd' }),
  service({ provision: ['bounded'], start, sockets, activation: 'inetd', maxConnections: ${inetdConnectionCount},
    maxConnectionsPerSource: 3, connectionName: '${'n'.repeat(connectionNameChars)}' }),
] });`);
  const configs = toServiceConfigs(description, {}).map((one) =>
    one.kind === 'service' ? one.config : undefined,
  );
  const sockets = [
    { place: { family: 4, host: '127.0.0.1', port: 7 }, accepts: true },
    { place: { family: 'unix', host: '/run/echo' }, accepts: true },
  ];
  const stem = 'n'.repeat(connectionNameChars);
  expect(configs).toMatchObject([
    { sockets, inetd: { maxCount: 100, stem: 'echo' } },
    { sockets, inetd: { maxCount: inetdConnectionCount, maxPerSource: 3, stem } },
  ]);
  for (const config of configs)
    for (const key of ['isLazy', 'respawn']) expect(config).not.toHaveProperty(key);
});
