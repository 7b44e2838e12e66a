/** What binds services to one another, and what brings them back: how it is written, and what of it is refused. */
import { describe, expect, it, vi, afterAll } from 'vitest';
import { failureHookCount } from '../../../packages/herd/src/config/limits.ts';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { refusalOfServices } from './check.ts';
import { load } from './support.ts';

// A configuration is bundled by a real process.
afterAll(() => vi.resetConfig());

it('terms of requirements, fixed delays and hooks become what makes the actors', async () => {
  const description = await load(`
import { defineShepherd, service, slot, exec } from 'bellwether';
export default defineShepherd({ services: [
  service({ provision: ['db'] }),
  service({ provision: ['migrate'], start: exec(['migrate'], { cwd: '/' }), oneShot: true }),
  service({
    provision: ['web'], start: exec(['web'], { cwd: '/' }), respawn: { on: 'failure', delaySeconds: 2, fixed: true },
    requirement: ['db', { name: 'migrate', until: 'completed' }],
    onFailure: { start: 'db' },
  }),
  slot({
    provision: ['app'], requirement: [{ name: 'web', until: 'started', ifLost: 'restart' }, { name: 'db' }],
    onFailure: [{ run: exec(['tell'], { cwd: '/' }) }, { webhook: 'https://ops.example/hook' }],
  }),
] });`);
  expect(toServiceConfigs(description, {}).slice(2)).toMatchObject([
    {
      config: {
        requirement: ['db', 'migrate'],
        terms: { migrate: { until: 'completed' } },
        respawn: { on: 'failure', delayMs: 2_000, maxDelayMs: 2_000 },
        onFailure: [{ kind: 'start', service: 'db' }],
      },
    },
    {
      config: {
        requirement: ['web', 'db'],
        terms: { web: { until: 'started', ifLost: 'restart' } },
        onFailure: [
          { kind: 'command', command: { argv: ['tell'] } },
          { kind: 'webhook', url: 'https://ops.example/hook' },
        ],
      },
    },
  ]);
});

it('commands of hooks run in the folder of the configuration', async () => {
  const hook = `onFailure: { run: exec(['tell'], { cwd: 'x' }) }`;
  const { services } = await load(`
import { defineShepherd, service, slot, timer, every, exec } from 'bellwether';
export default defineShepherd({ services: [
  service({ provision: ['web'], start: exec(['web']), ${hook} }), slot({ provision: ['app'], ${hook} }),
  timer({ provision: ['backup'], when: every(60), run: exec(['backup']), ${hook} }),
] });`);
  expect(services).toHaveLength(3);
  for (const entry of services)
    expect(entry).toMatchObject({
      onFailure: [{ run: { cwd: expect.stringMatching(/^\/.*\/x$/) } }],
    });
});

describe('is refused', () => {
  const rest = `service({ provision: ['db'] }), service({ provision: ['job'], start: exec(['job']), oneShot: true }),
    exported({ provision: ['far'], from: ref('far') }), fleet({ provision: ['all'], members: ['far'] })`;
  const web = (given: string): string =>
    `service({ provision: ['web'], start: exec(['web']), ${given} }), ${rest}`;
  const hooks = (count: number): string => `onFailure: [${`{ start: 'db' },`.repeat(count)}]`;
  it.each([
    [`requirement: [{ name: 'db', until: 'redy' }]`, /requirement\[0\].*until: expected 'started'/],
    [`requirement: [{ name: 'db', ifLost: 'die' }]`, /requirement\[0\].*ifLost: expected 'keep'/],
    [`requirement: [{ nam: 'db' }]`, /unknown option 'nam'; did you mean 'name'/],
    [`requirement: [7]`, /expected a name, or \{ name, until/],
    [
      `requirement: [{ name: 'db', until: 'completed' }]`,
      /'db' is no one-shot: it never completes/,
    ],
    [`requirement: [{ name: 'job', ifLost: 'stop' }]`, /'job' is a one-shot: it ends by itself/],
    [`requirement: [{ name: 'far', until: 'started' }]`, /'far' is no service of this machine/],
    [`requirement: [{ name: 'all', ifLost: 'stop' }]`, /'all' is no service of this machine/],
    [`requirement: [{ name: 'bd' }]`, /no service here provides 'bd'; did you mean 'db'/],
    [`respawn: { fixed: true, maxDelaySeconds: 3 }`, /with fixed every delay is delaySeconds/],
    [`respawn: { fixed: false }`, /fixed: expected true, or nothing/],
    [`respawn: { delaySeconds: 31 }`, /delaySeconds is over maxDelaySeconds/],
    [`onFailure: { start: 'db', webhook: 'http://h/' }`, /expected one of start, run and webhook/],
    [`onFailure: {}`, /expected one of start, run and webhook/],
    [`onFailure: { webhook: 'ftp://h/' }`, /expected a URL like/],
    [`onFailure: { webhook: 'https://me:secret@h/' }`, /without a password/],
    [
      `onFailure: { start: 'web' }`,
      /onFailure of 'web' starts 'web': it is the service itself: 'respawn' starts it again; name another/,
    ],
    [
      `onFailure: [{ start: 'db' }, { start: 'far' }]`,
      /onFailure\[1\]\.start: onFailure of 'web' starts 'far': it is no service of this machine; .* 'start', 'far'\]/,
    ],
    [
      `onFailure: { start: 'all' }`,
      /'all': it is no service of this machine; .* write { run: exec\(\['herd', 'start', 'all'\], { inheritEnv: true }\) }$/m,
    ],
    [
      `onFailure: { start: 'nobody' }`,
      /onFailure of 'web' starts 'nobody': no service here provides that$/m,
    ],
    [`onFailure: { start: 'bd' }`, /'bd': no service here provides that; did you mean 'db'\?$/m],
    [
      `onFailure: { start: 'web@a' }`,
      /onFailure of 'web' starts 'web@a': what machines give that have joined comes and goes; .* 'start', 'web@a'\]/,
    ],
    [`onFailure: { start: '@far' }`, /expected a service of this machine; .* 'start', '@far'\]/],
    [`onFailure: { start: 'root' }`, /is the name of the shepherd itself, which runs/],
    [
      `onFailure: { run: exec(['a'], { process: { nice: 1 } }) }`,
      /only what a service is started with/,
    ],
    [hooks(failureHookCount + 1), /has more than 8 entries/],
  ])('%s', (given, why) => {
    expect(refusalOfServices(web(given))).toMatch(why);
  });
  it('what a timer has started when it fails, and is not there', () => {
    const said = `timer({ provision: ['t'], when: every(60), run: exec(['t']), onFailure: { start: 'x' } })`;
    expect(refusalOfServices(said)).toMatch(
      /onFailure of 't' starts 'x': no service here provides that/,
    );
  });
  it('not what has as many hooks as it may', () => {
    expect(() => refusalOfServices(web(hooks(failureHookCount)))).toThrow();
  });
});
