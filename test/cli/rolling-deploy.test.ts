/** A fleet of slots on one machine gets releases batch by batch: the real programs, a good build and a bad one. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { digestOf } from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { configOf, eventually, type Daemon, type Place } from '../support/programs.ts';
import { plant } from '../support/release-folder.ts';

const names = ['web-1', 'web-2', 'web-3', 'web-4'] as const;

/**
 * A shepherd with four slots in the fleet `web`; how to confirm is left to them. What is not ready before it has said so
 * cannot be taken for well for as long as a busy machine needs to begin it.
 */
/** Nothing, or, where that took longer than a while, how far it was then. */
const unlessQuick = /^(herd: \S+ web: batch \d of 4, .* at most(; waiting for web-\d \(.*\))?\n)?$/;

const start = (place: Place, inFleet: readonly string[] = names): Promise<Daemon> => {
  const slots = names.map(
    (name) =>
      `slot({ provision: ['${name}'], confirmSeconds: 30, healthySeconds: 0.3, ready: { log: 'well' }, stop: { graceSeconds: 1 } })`,
  );
  const members = inFleet.map((name) => `'${name}'`).join();
  const fleet = `fleet({ provision: ['web'], members: [${members}] })`;
  const plain = `service({ provision: ['plain'] })`;
  return place.shepherd('a', configOf('A', [...slots, plain, fleet].join(',\n')));
};
/** A release that notes its starts, and says that it is well or ends at once: its file. */
const built = async (
  place: Place,
  version: string,
  isBroken = false,
  more: readonly string[] = [],
): Promise<string> => {
  const tree = path.join(place.folder, `tree-${version}`);
  const log = path.join(place.folder, 'starts');
  const stays = isBroken ? 'process.exit(3)' : "console.log('well'); setInterval(() => {}, 60_000)";
  const notes = `require('node:fs').appendFileSync(${JSON.stringify(log)}, '${version}\\n');`;
  plant(tree, { 'server.js': `${notes}\n${stays};\n` });
  const file = path.join(place.folder, `${version}.rel`);
  const words = ['--run', 'node server.js', '--app', 'web', '--app-version', version, '-o', file];
  expect((await place.herd(['release', 'build', tree, ...words, ...more])).code).toBe(0);
  return file;
};
/** The same, staged at each slot: its name. */
const brought = async (
  place: Place,
  daemon: Daemon,
  version: string,
  isBroken = false,
  more: readonly string[] = [],
) => {
  const file = await built(place, version, isBroken, more);
  for (const name of names) {
    const { code, stderr } = await daemon.herd('stage', name, file);
    expect([code, stderr]).toEqual([0, '']);
  }
  return digestOf(place, file);
};
/** The releases of all starts. */
const startsIn = (place: Place): readonly string[] => {
  const text = fs.readFileSync(path.join(place.folder, 'starts'), 'utf8');
  return text.trimEnd().split('\n');
};
interface Shown {
  readonly services: readonly {
    readonly pid?: number;
    readonly stage: string;
    readonly slot?: { readonly current?: string; readonly phase?: string };
  }[];
}
const shown = async (daemon: Daemon): Promise<Shown['services']> => {
  const all = names.map((name) => daemon.herd('status', name, '--json'));
  return (await Promise.all(all)).flatMap(({ stdout }) => (JSON.parse(stdout) as Shown).services);
};
const currentIn = async (daemon: Daemon): Promise<readonly (string | undefined)[]> =>
  (await shown(daemon)).map(({ slot }) => slot?.current);
const lastDeploy = async (daemon: Daemon): Promise<string> => {
  const { stdout } = await daemon.herd('op', 'ls');
  return [...stdout.matchAll(/(op-\w+) .*deploy web /g)].at(-1)?.[1] ?? '';
};
const pidsIn = async (daemon: Daemon): Promise<readonly (number | undefined)[]> =>
  (await shown(daemon)).map(({ pid }) => pid);

describe('herd deploy to a fleet of slots', together, () => {
  it('goes by a canary and quarters, each confirmed, and says which batch it is', async ({
    place,
  }) => {
    const daemon = await start(place);
    const one = await brought(place, daemon, 'one');
    const plan = await daemon.herd('deploy', 'web', one, '--dry-run');
    expect(plan.stdout).toMatch(/ {2}Batch 1, the canary:\n {2}1\. +deploy web-1 +to do/);
    expect(plan.stdout).toMatch(/ {2}Batch 4:\n {2}4\. +deploy web-4 /);
    const { code, stdout, stderr } = await daemon.herd('deploy', 'web', one);
    expect([code, stderr]).toEqual([0, expect.stringMatching(unlessQuick)]);
    expect(stdout).toContain('A: Service web: batch 1 of 4, the canary.\n');
    expect(stdout).toContain('A: Service web: batch 4 of 4.\n');
    expect(stdout.match(/waits to be confirmed/g)).toHaveLength(4);
    expect(stdout).toContain('web: 4 members: 4 changed (4/4)\n');
    expect(await currentIn(daemon)).toEqual(names.map(() => one));
    const two = await built(place, 'two');
    const given = await daemon.herd('deploy', 'web', two);
    expect([given.code, given.stderr]).toEqual([0, expect.stringMatching(unlessQuick)]);
    expect(await currentIn(daemon)).toEqual(
      await Promise.all(names.map(() => digestOf(place, two))),
    );
    const back = await daemon.herd('rollback', 'web');
    expect([back.code, back.stderr]).toEqual([0, expect.stringMatching(unlessQuick)]);
    expect(await currentIn(daemon)).toEqual(names.map(() => one));
    const further = await daemon.herd('rollback', 'web', `rel:sha256-${'0'.repeat(64)}`);
    expect(further.code).toBe(3);
    expect(further.stdout).toContain('A: Service web: stopped in batch 2 of 4');
  });

  it('stops with a canary that goes back: exit code 7, and the others never knew', async ({
    place,
  }) => {
    const daemon = await start(place);
    const one = await brought(place, daemon, 'one');
    expect((await daemon.herd('deploy', 'web', one, '--batch', '100%')).code).toBe(0);
    const before = await pidsIn(daemon);
    const bad = await brought(place, daemon, 'bad', true);
    const { code, stdout, stderr } = await daemon.herd('deploy', 'web', bad);
    expect(code).toBe(7);
    expect(stdout).toMatch(
      / {2}web-1 +rolled back +.*its process exited with code 3; back at web one/,
    );
    expect(stdout).toMatch(
      / {2}web-2 +skipped +left as it is: a member of the canary failed; because of web-1$/m,
    );
    expect(stdout).toContain('web: 4 members: 1 rolled back, 3 skipped\n');
    expect(stderr).toContain('deploy web: rolled back: 0 of 4 members; because of web-1\n');
    expect(await currentIn(daemon)).toEqual(names.map(() => one));
    const after = await pidsIn(daemon);
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(after[0]).not.toBe(before[0]);
    const starts = startsIn(place);
    expect(starts).toEqual(['one', 'one', 'one', 'one', 'bad', 'one']);
    const operation = await lastDeploy(daemon);
    expect((await daemon.herd('retry', operation)).code).toBe(7);
    expect(await pidsIn(daemon)).toEqual(after);
  });

  it('is gone on with by herd retry where its shepherd was killed in the middle', async ({
    place,
  }) => {
    let daemon = await start(place);
    // Whoever is started after the first is not well before the gate is there.
    const [starts, gate] = ['starts', 'gate'].map((name) => path.join(place.folder, name));
    const check = `exec:sh -c '[ "$(wc -l < ${starts})" -le 1 ] || [ -e ${gate} ]'`;
    const one = await brought(place, daemon, 'one', false, ['--check', check]);
    const running = daemon.begin('deploy', 'web', one, '--no-confirm', '--batch', '1');
    await eventually(
      'the second is begun',
      async () => (await shown(daemon))[1]?.slot?.phase === 'health-gate',
    );
    running.process.kill('SIGKILL');
    await daemon.kill('SIGKILL');
    daemon = await place.again(daemon);
    expect(await currentIn(daemon)).toEqual([one, undefined, undefined, undefined]);
    fs.writeFileSync(gate ?? '', '');
    const operation = await lastDeploy(daemon);
    // The next life has gone on with the second, and asks nobody who was not asked before.
    const rest = await daemon.herd('op', 'watch', operation);
    expect([rest.code, rest.stderr]).toEqual([
      4,
      expect.stringContaining('skipped: 2 of 4 members'),
    ]);
    expect(await currentIn(daemon)).toEqual([one, one, undefined, undefined]);
    const again = await daemon.herd('retry', operation);
    // What takes longer says once how far it is.
    const said = again.stderr.replace(/^herd: .* seconds of .* at most; .*\n/m, '');
    expect([again.code, said]).toEqual([
      0,
      `herd: trying deploy web again at 2 services: web-3, web-4 (${operation})\n`,
    ]);
    expect(await currentIn(daemon)).toEqual(names.map(() => one));
    expect(startsIn(place)).toHaveLength(4);
  });

  it('is refused for a fleet with a member that is no slot, which is named', async ({ place }) => {
    const daemon = await start(place, ['web-1', 'plain', 'web-2']);
    const one = await brought(place, daemon, 'one');
    const { code, stderr } = await daemon.herd('deploy', 'web', one);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "deploy of 'web' was not begun: 'plain' does not have an action 'deploy'",
    );
    expect(await currentIn(daemon)).toEqual(names.map(() => undefined));
  });
});
