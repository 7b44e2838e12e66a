import { afterAll, expect, it, vi } from 'vitest';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { load } from './support.ts';

// Real processes are as fast as the machine lets them be.
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

it('a description becomes what makes the actors, in its own order', async () => {
  const description = await load(`
import { defineShepherd, service, exec, exported, fleet, ref } from 'bellwether';
export default defineShepherd({ services: [
  fleet({ provision: ['all'], members: ['www', 'there'], minReady: 1, documentation: 'All.' }),
  service({
    provision: ['web', 'www'], requirement: ['net'], documentation: 'Serves.', autoStart: true,
    start: exec(['node', 'server.js'], { cwd: '/srv/web', env: { PORT: '80' } }),
    ready: { tcp: '[::1]:80', timeoutSeconds: 1.5 },
    respawn: { limit: 3, windowSeconds: 60, maxDelaySeconds: 5 },
    stop: { signal: 'SIGINT', graceSeconds: 0 },
    actions: {
      'reload-config': { documentation: 'Reads it anew.', signal: 'SIGHUP' },
      test: { documentation: 'Tests it.', run: exec(['nginx', '-t'], { cwd: '/' }), takesArguments: true },
    },
  }),
  service({ provision: ['net'], oneShot: true, start: exec(['true'], { cwd: '/' }) }),
  service({ provision: ['http'], start: exec(['x'], { cwd: '/' }), ready: { http: 'http://[::1]/' } }),
  exported({ provision: ['there'], from: ref('b-web'), node: 'B' }),
  exported({ provision: ['elsewhere'], from: ref('c-web') }),
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
  expect(toServiceConfigs(description)).toEqual([
    {
      kind: 'fleet',
      spec: { provision: ['all'], documentation: 'All.', members: ['web', 'there'], minReady: 1 },
    },
    {
      kind: 'service',
      config: {
        provision: ['web', 'www'],
        requirement: ['net'],
        documentation: 'Serves.',
        start: { argv: ['node', 'server.js'], cwd: '/srv/web', env: { PORT: '80' } },
        stop: { signal: 'SIGINT', graceMs: 0 },
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
        isOneShot: true,
      },
    },
    {
      kind: 'service',
      config: {
        ...plain,
        provision: ['http'],
        start: { argv: ['x'], cwd: '/', env: {} },
        ready: { kind: 'http', url: 'http://[::1]/', timeoutMs: 10_000 },
      },
    },
    { kind: 'exported', spec: { provision: ['there'], petname: 'b-web', origin: 'B' } },
    { kind: 'exported', spec: { provision: ['elsewhere'], petname: 'c-web', origin: 'c-web' } },
  ]);
});
