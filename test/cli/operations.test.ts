/** Commands outlive the terminal that they were given at, and the shepherd that took them on. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { eventually, type Daemon, type Ended, type Place } from '../support/programs.ts';
import { processesOf } from '../support/shown.ts';
import { slowServer, writeServer, type WebFleet } from '../support/web-fleet.ts';

const servers = (place: Place): readonly number[] => processesOf(place, 'web.cjs');
const makeReady = (place: Place, ...machines: readonly string[]): void => {
  for (const machine of machines) fs.writeFileSync(path.join(place.folder, machine, 'ready'), '');
};
interface Listed {
  readonly operation: string;
  readonly action: string;
  readonly service: string;
  readonly endedMs?: number;
  readonly result?: string;
}
const listed = async (daemon: Daemon): Promise<readonly Listed[]> => {
  const { stdout } = await daemon.herd('--json', 'op', 'ls');
  return (JSON.parse(stdout) as { readonly operations: readonly Listed[] }).operations;
};
const lastOf = async (daemon: Daemon): Promise<Listed> => {
  const last = (await listed(daemon)).at(-1);
  if (last === undefined) throw new Error('there is no operation');
  return last;
};
/** `herd op show`, without what differs from run to run. */
const shown = async (daemon: Daemon, operation: string): Promise<string> =>
  (await daemon.herd('op', 'show', operation)).stdout
    .replaceAll(operation, 'OP')
    .replace(/, (now|\d+(\.\d)? s ago) \(.*\)/, ', AGO')
    .replace(/pid \d+/g, 'pid N')
    .replace(/(for|after) \d+ seconds?/, '$1 N seconds');
const resultOf = ({ stdout }: Ended, member: string): string | undefined =>
  stdout.split('\n').find((line) => line.trimStart().startsWith(member));
/** Starts the fleet on servers that are slow to become ready; settles when both run and neither is ready. */
const begin = async (place: Place, { c }: WebFleet) => {
  for (const machine of ['a', 'b']) writeServer(place, machine, slowServer);
  const starting = c.begin('start', 'web-server-fleet');
  await eventually('both servers run', () => servers(place).length === 2);
  return starting;
};

describe('a command whose terminal is killed', together, () => {
  it('is found from another one, which goes on with it', async ({ place, fleet }) => {
    const { c } = fleet;
    const starting = await begin(place, fleet);
    const before = servers(place);
    starting.process.kill('SIGKILL');
    await starting.ended;
    const [found, ...others] = await listed(c);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ action: 'start', service: 'web-server-fleet' });
    expect(found).not.toHaveProperty('endedMs');
    const { operation = '' } = found ?? {};
    expect(await shown(c, operation)).toMatch(
      /^Operation OP: start web-server-fleet\n {2}asked for by local root, AGO\n {2}under way for N seconds\n {4}web-server-a +under way\n {4}web-server-b +under way\n {2}'herd op watch OP' shows how it goes on.\n$/,
    );
    const watching = c.begin('op', 'watch', operation);
    const { stdout } = await c.herd('op', 'ls');
    expect(stdout).toMatch(
      /^op-\w+ {2}start web-server-fleet {2}.* {2}by local root {2}under way\n$/,
    );
    makeReady(place, 'a', 'b');
    const watched = await watching.ended;
    expect([watched.code, watched.stderr]).toEqual([0, '']);
    expect(resultOf(watched, 'web-server-fleet: 2 members')).toContain('2 changed (2/2)');
    expect(servers(place)).toEqual(before);
    expect(await lastOf(c)).toMatchObject({ operation, result: 'changed' });
    expect((await c.herd('op', 'ls')).stdout).toMatch(/by local root {2}changed\n$/);
    expect(await shown(c, operation)).toMatch(/web-server-b +changed +running, pid N/);
    // Of one that is over the end is told at once, with the same exit code.
    const again = await c.herd('op', 'watch', operation);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('2 changed (2/2)');
  });
});

describe('a command whose shepherd is killed with SIGKILL', together, () => {
  it('comes to its end in the next life, and is told as it was', async ({ place, fleet }) => {
    const starting = await begin(place, fleet);
    const before = servers(place);
    await fleet.c.kill('SIGKILL');
    expect((await starting.ended).code).toBe(4);
    const c = await place.again(fleet.c);
    const { operation } = await lastOf(c);
    expect(await shown(c, operation)).toContain('under way');
    makeReady(place, 'a', 'b');
    await eventually('it is over', async () => (await lastOf(c)).endedMs !== undefined);
    expect(await lastOf(c)).toMatchObject({ result: 'changed' });
    expect(servers(place)).toEqual(before);
    const retried = await c.herd('retry', operation);
    expect(retried.code).toBe(0);
    expect(retried.stderr).toContain('nothing is left to be done again');
    expect(servers(place)).toEqual(before);
  });

  it('says of whom it cannot ask that nobody knows, and a retry finishes it', async ({
    place,
    fleet,
  }) => {
    const starting = await begin(place, fleet);
    const before = servers(place);
    makeReady(place, 'a');
    await fleet.c.kill('SIGKILL');
    await fleet.b.kill('SIGKILL');
    await starting.ended;
    const c = await place.again(fleet.c);
    const { operation } = await lastOf(c);
    await eventually('it is over', async () => (await lastOf(c)).endedMs !== undefined);
    const report = await shown(c, operation);
    expect(report).toMatch(/web-server-b +unknown/);
    expect(report).toMatch(/web-server-a +changed/);
    expect(report).toContain(`'herd retry OP' asks the one again`);
    const early = await c.herd('retry', operation, '--timeout', '3');
    expect(early.code).toBe(4);
    expect(early.stderr).toContain('again at 1 service: web-server-b');
    await place.again(fleet.b);
    makeReady(place, 'b');
    const retried = await c.herd('retry', operation);
    expect([retried.code, retried.stdout]).toEqual([0, retried.stdout]);
    expect(await lastOf(c)).toMatchObject({ operation, result: 'changed' });
    expect(servers(place)).toEqual(before);
  });

  it('does not run an action again that may have run', async ({ place }) => {
    const config = `import { defineShepherd, exec, service } from 'bellwether';
      export default defineShepherd({ name: 'A', listen: { unix: true }, services: [service({
        provision: ['web'],
        actions: { rub: { documentation: 'Rubs it.', run: exec(['sh', '-c', 'echo x >> runs; sleep 60']) } },
      })] });`;
    const first = await place.shepherd('A', config);
    const runs = path.join(place.folder, 'A', 'runs');
    const found = (): string => {
      const file = [runs, path.join(place.folder, 'runs')].find((each) => fs.existsSync(each));
      return file === undefined ? '' : fs.readFileSync(file, 'utf8');
    };
    const rubbing = first.begin('rub', 'web');
    await eventually('it runs', () => found() === 'x\n');
    await first.kill('SIGKILL');
    await rubbing.ended;
    const a = await place.again(first);
    const { operation, result } = await lastOf(a);
    expect(result).toBe('unknown');
    expect(await shown(a, operation)).toContain('it may have been done');
    const watched = await a.herd('op', 'watch', operation);
    expect(watched.code).toBe(4);
    expect(found()).toBe('x\n');
  });
});

describe('an id that no operation has', together, () => {
  it('is refused by every command that needs one', async ({ place }) => {
    const config = `import { defineShepherd, service } from 'bellwether';
      export default defineShepherd({ name: 'A', listen: { unix: true },
        services: [service({ provision: ['web'] })] });`;
    const a = await place.shepherd('A', config);
    expect((await a.herd('op', 'ls')).stdout).toBe('');
    for (const words of [['op', 'show'], ['op', 'watch'], ['op', 'cancel'], ['retry']]) {
      const { code, stderr } = await a.herd(...words, 'op-0');
      expect([...words, code]).toEqual([...words, 1]);
      expect(stderr).toContain("operation 'op-0' is not known");
    }
  });
});
