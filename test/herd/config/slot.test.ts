/** Slots as a configuration has them: what is said, what becomes of it, and what is refused. */
import { describe, expect, it } from 'vitest';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { refusalOfServices, taken } from './check.ts';

const [alice, bob] = ['A'.repeat(42) + 'A', 'B'.repeat(42) + 'A'];
const slot = (rest: string): string => `slot({ provision: ['web'], ${rest} })`;
const plannedOf = (entry: string) =>
  toServiceConfigs(taken(`defineShepherd({ services: [${entry}] })`), {})[0];

const release = `rel:sha256-${'0'.repeat(64)}`;
const manyReleases = (count: number): string => JSON.stringify(Array(count).fill(release));

describe('a slot', () => {
  it('is a service without a start, and the rules that its agent goes by', () => {
    const rest = `keep: 3, confirmSeconds: 1.5, healthySeconds: 0, respawn: true,
      trust: { keys: ['${alice}', '${bob}'], needed: 2 }, stop: { graceSeconds: 1 }`;
    expect(plannedOf(slot(rest))).toEqual({
      kind: 'slot',
      config: {
        provision: ['web'],
        requirement: [],
        documentation: '',
        stop: { signal: 'SIGTERM', graceMs: 1_000 },
        ready: { kind: 'spawned' },
        isOneShot: false,
        respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 30_000 },
        actions: {},
        isAutoStarted: false,
      },
      rules: {
        trust: { keys: [alice, bob], needed: 2 },
        keepCount: 3,
        confirmMs: 1_500,
        minHealthyMs: 0,
      },
    });
  });
  it('takes what nobody has signed where nobody is trusted', () => {
    expect(plannedOf(slot(''))).toMatchObject({ rules: { trust: { keys: [], needed: 0 } } });
  });
  it('may be narrowed to some releases and to a time, with keys or without', () => {
    const [one, two] = ['1', '2'].map((digit) => `rel:sha256-${digit.repeat(64)}`);
    const window = `from: '2026-12-01T22:00:00Z', until: '2026-12-02T00:30:00.5+01:00'`;
    const some = `digests: ['${one}', '${two}']`;
    expect(plannedOf(slot(`trust: { ${some}, ${window} }`))).toMatchObject({
      rules: {
        trust: {
          keys: [],
          needed: 0,
          digests: [one, two],
          fromMs: Date.UTC(2026, 11, 1, 22),
          untilMs: Date.UTC(2026, 11, 1, 23, 30, 0, 500),
        },
      },
    });
    expect(plannedOf(slot(`trust: { keys: ['${alice}'], ${some} }`))).toMatchObject({
      rules: { trust: { keys: [alice], needed: 1, digests: [one, two] } },
    });
  });
  it('runs its readiness in the folder of the configuration', () => {
    expect(plannedOf(slot(`ready: { exec: exec(['./well']) }`))).toMatchObject({
      config: { ready: { command: { cwd: '/srv' } } },
    });
  });
  it.each([
    [`start: exec(['web'])`, /unknown option 'start'; known are provision/],
    [`keep: 33`, /keep: is over 32/],
    [`keep: -1`, /keep: is negative/],
    [`maxMiB: 0`, /maxMiB: is below 1/],
    [`maxMiB: 1048577`, /maxMiB: is over 1048576/],
    [`maxMiB: 1.5`, /maxMiB: expected a whole number/],
    [`confirmSeconds: 0.5`, /confirmSeconds: is below 1/],
    [`confirmSeconds: 86401`, /confirmSeconds: is over 86400/],
    [`healthySeconds: 901`, /healthySeconds: is over 900/],
    [`trust: { keys: [] }`, /trust\.keys: expected at least one key/],
    [`trust: { keys: ['x'] }`, /trust\.keys\[0\]: is no public key; 'herd release key/],
    [`trust: { keys: ['${alice}'], needed: 0 }`, /trust\.needed: must be at least 1/],
    [`trust: { keys: ['${alice}'], needed: 2 }`, /needed: is 2, but there are 1 keys that count/],
    [
      `trust: { keys: ['${alice}'], revoked: ['${alice}'] }`,
      /needed: is 1, but there are 0 keys that count/,
    ],
    [`trust: {}`, /trust: expected keys, digests, from or until/],
    [`trust: { from: '2026-12-01T22:00:00Z', needed: 1 }`, /trust\.needed: goes with keys/],
    [`trust: { digests: ['${release}'], revoked: [] }`, /trust\.revoked: goes with keys/],
    [`trust: { digests: [] }`, /trust\.digests: expected at least one release/],
    [`trust: { digests: ['${release}0'] }`, /digests\[0\]: is no name of a release/],
    [`trust: { digests: ['${release.slice(0, 40)}'] }`, /digests\[0\]: is no name of a release/],
    [`trust: { digests: ${manyReleases(257)} }`, /digests: has more than 256 releases/],
    [`trust: { from: '2026-12-01' }`, /trust\.from: expected an instant, as in/],
    [`trust: { from: '2026-12-01T22:00:00' }`, /trust\.from: expected an instant, as in/],
    [`trust: { until: '2026-02-30T22:00:00Z' }`, /trust\.until: expected an instant, as in/],
    [
      `trust: { from: '2026-12-01T22:00:00Z', until: '2026-12-01T23:00:00+01:00' }`,
      /trust\.until: does not lie behind from/,
    ],
    [`trust: { keys: ['${alice}', '${alice}'] }`, /trust\.keys: has a key twice/],
    [`trust: { keys: ${JSON.stringify(Array(17).fill(alice))} }`, /keys: has more than 16 keys/],
  ])('is refused with %s', (rest, message) => {
    expect(refusalOfServices(slot(rest))).toMatch(message);
  });
  it('takes the most of each, and the least', () => {
    const keys = Array.from('ABCDEFGHIJKLMNOP', (letter) => `${letter.repeat(42)}A`);
    const rest = `keep: 32, confirmSeconds: 86400, healthySeconds: 900`;
    const trust = `trust: { keys: ${JSON.stringify(keys)}, needed: 16 }`;
    expect(plannedOf(slot(`${rest}, ${trust}`))).toMatchObject({
      rules: { keepCount: 32, confirmMs: 86_400_000, minHealthyMs: 900_000, trust: { keys } },
    });
    expect(plannedOf(slot(`trust: { digests: ['${release.slice(-64)}'] }`))).toMatchObject({
      rules: { trust: { digests: [release] } },
    });
    expect(plannedOf(slot(`trust: { digests: ${manyReleases(256)} }`))).toMatchObject({
      rules: { trust: { digests: Array(256).fill(release) } },
    });
    expect(plannedOf(slot(`maxMiB: 1048576`))).toMatchObject({ rules: { mostBytes: 2 ** 40 } });
    expect(plannedOf(slot(`maxMiB: 1`))).toMatchObject({ rules: { mostBytes: 1_048_576 } });
    expect(plannedOf(slot(`keep: 0, confirmSeconds: 1`))).toMatchObject({
      rules: { keepCount: 0, confirmMs: 1_000 },
    });
  });
});
