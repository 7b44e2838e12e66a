/**
 * The last example of the announcement of Goblins' Shepherd, `guix deploy` over OCapN, for releases: a declaration of machines on a
 * workstation that has no shepherd, no key and no store, only files with refs.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  answerOf,
  contentsIn,
  digestOf,
  releaseOf,
  startSlot,
  type Slotted,
} from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import type { Ended, Place } from '../support/programs.ts';
import { mint } from '../support/web-fleet.ts';

const here = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux';
const elsewhere = process.arch === 'arm64' ? 'x86_64-linux' : 'aarch64-linux';
const platformHere = `linux-${process.arch}`;
const platformElsewhere = process.arch === 'arm64' ? 'linux-x64' : 'linux-arm64';
const listening = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;
const short = 'confirmSeconds: 30, healthySeconds: 0.3, stop: { graceSeconds: 1 }';

/** A folder with a declaration, and nothing of a shepherd around it. */
interface Desk {
  readonly folder: string;
  /** Machines as they are declared; the refs lie beside the declaration. */
  declare(machines: Readonly<Record<string, string>>): void;
  deploy(...words: readonly string[]): Promise<Ended>;
}
const makeDesk = (place: Place): Desk => {
  const folder = path.join(place.folder, 'desk');
  const home = path.join(place.folder, 'nobody');
  for (const each of [folder, home]) fs.mkdirSync(each);
  const env = { HOME: home, XDG_STATE_HOME: '', XDG_DATA_HOME: '', XDG_RUNTIME_DIR: home };
  return {
    folder,
    declare: (machines) => {
      const entries = Object.entries(machines).map(
        ([name, system]) =>
          `  '${name}': machine({ system: '${system}', deploy: ref({ file: './${name}.ref' }) }),`,
      );
      fs.writeFileSync(
        path.join(folder, 'machines.config.ts'),
        [
          "import { defineMachines, machine, ref } from 'bellwether';",
          'export default defineMachines({',
          ...entries,
          '});\n',
        ].join('\n'),
      );
    },
    deploy: async (...words) => {
      const command = ['deploy', '--machines', 'machines.config.ts', ...words];
      const ended = await place.herd(command, { env, cwd: folder });
      expect(fs.readdirSync(home)).toEqual([]);
      return ended;
    },
  };
};
/** A machine with a slot, whose ref lies on the desk. */
const machine = async (place: Place, desk: Desk, name: string): Promise<Slotted> => {
  const slotted = await startSlot(place, short, listening, name);
  fs.copyFileSync(await mint(place, slotted.daemon, 'web'), path.join(desk.folder, `${name}.ref`));
  return slotted;
};

describe('herd deploy --machines', together, () => {
  it('deploys to a machine of which a file with a sturdyref is all that is known', async ({
    place,
  }) => {
    const desk = makeDesk(place);
    const slotted = await machine(place, desk, 'my-server');
    const file = await releaseOf(slotted, 'one', { options: ['--platform', platformHere] });
    desk.declare({ 'my-server': here });
    const planned = await desk.deploy(file, '--dry-run');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toMatch(
      new RegExp(`^  my-server  ${here}  to do  .* at most would be sent`, 'm'),
    );
    expect(planned.stdout).toContain('machines.config.ts: 1 machine: 1 to do. Nothing was done.');
    expect(await answerOf(slotted)).toBeUndefined();
    const { code, stdout, stderr } = await desk.deploy(file);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('is well, and waits to be confirmed, for 30 s.');
    expect(stdout).toMatch(/^  my-server  changed +.*has been deployed to @my-server/m);
    expect(await answerOf(slotted)).toBe('one');
    const known = await desk.deploy(file, '--dry-run');
    expect(known.stdout).toContain('unchanged  Nothing would be sent: all of it is there; that');
    expect(known.stdout).toContain('1 machine: 1 unchanged. Nothing was done.');
    const again = await desk.deploy('my-server', file, '--json');
    expect(JSON.parse(again.stdout)).toEqual({
      schema: 1,
      kind: 'machines',
      file: path.join(fs.realpathSync(desk.folder), 'machines.config.ts'),
      release: await digestOf(place, file),
      exitCode: 0,
      machines: [
        expect.objectContaining({
          name: 'my-server',
          system: here,
          operation: expect.stringMatching(/^op-/),
          result: 'ok',
        }),
      ],
    });
  });

  it('goes to one machine first, and leaves the others alone where that goes back', async ({
    place,
  }) => {
    const desk = makeDesk(place);
    const [a, b] = [await machine(place, desk, 'a'), await machine(place, desk, 'b')];
    desk.declare({ a: here, b: here });
    // Both serve on one machine here, so each has a release of its own.
    const ofA = await releaseOf(a, 'one');
    const ofB = await releaseOf(b, 'two');
    expect((await desk.deploy('a', ofA)).code).toBe(0);
    expect((await desk.deploy('b', ofB)).code).toBe(0);
    expect([await answerOf(a), await answerOf(b)]).toEqual(['one', 'two']);
    const bad = await releaseOf(a, 'bad', { isBroken: true });
    const { code, stdout, stderr } = await desk.deploy(bad);
    expect(code).toBe(7);
    expect(stdout).toMatch(/^  a  rolled back +.*its process exited with code 3; back at web one/m);
    expect(stdout).toMatch(/^  b  skipped +left as it is, since a is not well/m);
    expect(stderr).toContain('deploy machines.config.ts: rolled back');
    expect([await answerOf(a), await answerOf(b)]).toEqual(['one', 'two']);
    // Who is away is told, and is as bad as any other.
    await a.daemon.kill('SIGTERM');
    const away = await desk.deploy(ofB, '--json');
    expect(away.code).toBe(4);
    expect(JSON.parse(away.stdout)).toMatchObject({
      exitCode: 4,
      machines: [
        { name: 'a', result: 'unreachable' },
        { name: 'b', result: 'skipped' },
      ],
    });
  });

  it('sends nothing to a machine that is none of the declared system', async ({ place }) => {
    const desk = makeDesk(place);
    const slotted = await machine(place, desk, 'a');
    desk.declare({ a: elsewhere });
    const file = await releaseOf(slotted, 'one');
    for (const more of [[], ['--dry-run']]) {
      const { code, stdout } = await desk.deploy(file, ...more);
      expect(code).toBe(1);
      expect(stdout).toMatch(
        new RegExp(
          `^  a .*failed +it is ${platformHere}, and machines.config.ts says ${elsewhere}`,
          'm',
        ),
      );
    }
    expect([...contentsIn(slotted.folder)]).toEqual([]);
  });

  it('refuses, before anybody is asked, what cannot go well', async ({ place }) => {
    const desk = makeDesk(place);
    const slotted = { place, port: 1 };
    const file = await releaseOf(slotted, 'one', { options: ['--platform', platformElsewhere] });
    desk.declare({ a: here, b: elsewhere });
    const missing = await desk.deploy(file);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/there is no file .*\/a\.ref, which is to hold the ref of a/);
    const ref = `ocapn://${'a'.repeat(52)}.tcp-tls/s/${'A'.repeat(43)}?host=127.0.0.1&port=1`;
    for (const name of ['a', 'b'])
      fs.writeFileSync(path.join(desk.folder, `${name}.ref`), `${ref}\n`, { mode: 0o600 });
    const wrong = await desk.deploy(file);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(
      `the release is for ${platformElsewhere}, and in machines.config.ts a is ${here}`,
    );
    const typo = await desk.deploy('bb', file);
    expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining("no machine 'bb'") });
    fs.chmodSync(path.join(desk.folder, 'b.ref'), 0o644);
    const open = await desk.deploy('b', file);
    expect(open.code).toBe(2);
    expect(open.stderr).toMatch(/b\.ref: others may use it \(mode 0644\); chmod 600/);
    fs.renameSync(path.join(desk.folder, 'b.ref'), path.join(desk.folder, 'c'));
    fs.symlinkSync('c', path.join(desk.folder, 'b.ref'));
    expect((await desk.deploy('b', file)).stderr).toContain('is a link');
    const none = await desk.deploy();
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('herd deploy --machines FILE [NAME...] FILE');
  });
});
