/** `--dry-run`, `--min-ready` and `--strict`, on a shepherd with a fleet of its own and through a ref. */
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';

const services = `
  service({ provision: ['networking'] }),
  service({ provision: ['a'], requirement: ['networking'], start: exec(['sleep', '600']),
    actions: { polish: { documentation: 'Shines.', run: exec(['touch', 'polished']) } } }),
  service({ provision: ['b'], requirement: ['networking'], start: exec(['no-such-program']) }),
  fleet({ provision: ['web-fleet'], members: ['a', 'b'] })`;

let place: Place;
let daemon: Daemon;
beforeEach(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', configOf('A', services));
});
afterEach(() => place.clean());
const stagesNow = async (): Promise<Readonly<Record<string, string>>> => {
  const { stdout } = await daemon.herd('--json', 'status');
  const { services: all } = JSON.parse(stdout) as {
    readonly services: readonly { readonly provision: readonly string[]; readonly stage: string }[];
  };
  return Object.fromEntries(all.map(({ provision, stage }) => [provision[0] ?? '', stage]));
};
/** What services of its own have been through: a fleet is looked at a little later than it is touched. */
const changesNow = async (): Promise<readonly unknown[]> => {
  const { stdout } = await daemon.herd('--json', 'log');
  const { changes } = JSON.parse(stdout) as { readonly changes: readonly { service: string }[] };
  return changes.filter(({ service }) => service !== 'web-fleet');
};

describe('--dry-run', () => {
  it.each(['start', 'stop', 'restart', 'enable', 'disable', 'polish'])(
    'of %s shows steps, members included, and touches nothing',
    async (action) => {
      await daemon.herd('start', 'networking');
      const before = await changesNow();
      const stages = await stagesNow();
      const { stdout, stderr } = await daemon.herd('--dry-run', action, 'web-fleet');
      expect(stderr).toBe('');
      expect(stdout).toMatch(new RegExp(`^To ${action} web-fleet now would be:\\n`));
      expect(stdout).toMatch(/member of web-fleet\n/);
      expect(stdout).toMatch(/Nothing was done\.\n$/);
      expect(await stagesNow()).toEqual(stages);
      expect(await changesNow()).toEqual(before);
    },
  );
  it('tells requirements of a start and dependents of a stop, then what the command does', async () => {
    const plan = await daemon.herd('start', 'a', '--dry-run');
    expect(plan.stdout).toMatch(/1\. +start networking +to do +stopped +requirement of a\n/);
    expect(plan.stdout).toMatch(/2\. +start a +to do +stopped\n/);
    expect((await daemon.herd('start', 'a')).code).toBe(0);
    expect((await daemon.herd('start', 'a', '--dry-run')).stdout).toContain('2 unchanged');
    const down = await daemon.herd('stop', 'networking', '--dry-run');
    expect(down.stdout).toMatch(/1\. +stop a +to do +running +dependent of networking\n/);
    expect(await stagesNow()).toMatchObject({ a: 'running', networking: 'running' });
  });
  it('through a ref names no other service', async () => {
    const file = path.join(place.folder, 'a.ref');
    await daemon.herd('ref', 'mint', 'a', '--out', file);
    await daemon.herd('ref', 'add', 'far', '--from', file);
    const { stdout, code } = await daemon.herd('start', '@far', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('start another service');
    expect(stdout).not.toContain('networking');
    expect((await stagesNow())['a']).toBe('stopped');
  });
});

describe('of a fleet, one member of which cannot start', () => {
  it('enough are enough, a failure is told all the same, and --strict wants all', async () => {
    expect((await daemon.herd('start', 'web-fleet')).code).toBe(3);
    expect((await daemon.herd('start', 'web-fleet', '--min-ready', '1')).code).toBe(3);
    const strict = await daemon.herd('start', 'web-fleet', '--min-ready', '50%', '--strict');
    expect(strict.code).toBe(3);
    expect(strict.stderr).toContain('start web-fleet: not all members: degraded 1/2');
  });
});
