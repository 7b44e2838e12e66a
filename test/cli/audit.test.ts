/** The audit of real shepherds: whole after any end, honest about what was done to it, and short of no command. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { configOf, type Daemon, type Ended, type Place } from '../support/programs.ts';

const services = `
  service({ provision: ['one'], start: exec(['sleep', '600']) }),
  service({ provision: ['two'], start: exec(['sleep', '600']),
            actions: { greet: { documentation: 'Greets.', run: exec(['echo']), takesArguments: true,
                                harmlessArguments: true },
                       login: { documentation: 'Logs in.', run: exec(['true']), takesArguments: true } } })`;

interface Shown {
  readonly number: number;
  readonly event: string;
  readonly asker: string;
  readonly service?: string;
  readonly action?: string;
  readonly args?: readonly string[];
  readonly operation?: string;
  readonly result?: string;
}
const recordsOf = async (
  daemon: Daemon,
  ...words: readonly string[]
): Promise<readonly Shown[]> => {
  const { stdout, stderr } = await daemon.herd('--json', 'audit', '-n', '1000', ...words);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { readonly records: readonly Shown[] }).records;
};
const verify = (place: Place, folder: string, ...words: readonly string[]): Promise<Ended> =>
  place.herd(['audit', 'verify', folder, ...words]);
const headIn = ({ stdout }: Ended): string => /^Head: ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
const lastFile = (daemon: Daemon): string => {
  const folder = path.join(daemon.folder, 'audit');
  return path.join(folder, fs.readdirSync(folder).sort().at(-1) ?? '');
};

describe('the audit of a shepherd', together, () => {
  it('tells who asked for what and what came of it, newest last', async ({ place }) => {
    const a = await place.shepherd('a', configOf('A', services));
    expect(await a.herd('audit')).toMatchObject({ code: 0, stdout: 'No records.\n' });
    await a.herd('start', 'two');
    await a.herd('greet', 'two', 'hello there');
    await a.herd('login', 'two', 'correct horse');
    await a.herd('stop', 'one');
    await a.herd('ref', 'mint', 'one', '--out', 'one.ref');
    await a.herd('reload');
    const { stdout, code } = await a.herd('audit');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(
      [
        'start two +changed  ',
        "greet two 'hello there' +changed  ",
        "login two '<redacted>' +changed  ",
        'stop one +ok  ',
        'ref mint one m-[0-9a-f]{12}  ',
        'reload root +ok  ',
      ].map((what): unknown =>
        expect.stringMatching(
          new RegExp(`^\\d{4}-\\d\\d-\\d\\d [\\d:]{8}  ${what} *by local root$`),
        ),
      ),
    );
    expect((await a.herd('audit', 'one')).stdout.trimEnd().split('\n')).toHaveLength(2);
    expect((await a.herd('audit', 'verfy')).stdout).toBe(
      "No records of verfy. Did you mean 'herd audit verify'?\n",
    );
    expect((await a.herd('audit', 'three')).stdout).toBe('No records of three.\n');
    expect((await a.herd('audit', '-n', '1')).stdout).toMatch(/reload root/);
    expect((await a.herd('audit', '--since', '1h', '--json')).stdout).not.toContain('horse');
    expect(fs.readFileSync(lastFile(a), 'utf8')).not.toContain('horse');
  });

  it('has what the end of the shepherd was, and goes on behind it', async ({ place }) => {
    const a = await place.shepherd('a', configOf('A', services));
    await a.herd('detach', 'root');
    await a.ended;
    const left = await place.again(a);
    left.process.kill('SIGUSR2');
    await left.ended;
    const b = await place.again(left);
    b.process.kill('SIGTERM');
    await b.ended;
    const c = await place.again(b);
    expect((await recordsOf(c)).map((one) => [one.asker, one.action, one.result])).toEqual([
      ['root', 'detach', undefined],
      ['shepherd', 'detach', undefined],
      ['shepherd', 'stop', undefined],
      ['shepherd', 'stop', 'ok'],
    ]);
    await c.herd('stop', 'root');
    await c.ended;
    const found = await verify(place, c.folder);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toContain(': 6 records, from ');
    const last = fs.readFileSync(lastFile(c), 'utf8').trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ event: 'ended', action: 'stop', result: 'ok' });
  });

  it('is whole after kill -9 in the middle of commands, and short of none that was answered', async ({
    place,
  }) => {
    let daemon = await place.shepherd('a', configOf('A', services));
    const answered: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const running = Array.from({ length: 6 }, (_, at) =>
        daemon.herd('--json', '--timeout', '20', 'restart', at % 2 === 0 ? 'one' : 'two'),
      );
      // The first answers show that all of them are under way.
      await Promise.race(running);
      await new Promise((resolve) => setTimeout(resolve, round * 15));
      await daemon.kill('SIGKILL');
      for (const { stdout } of await Promise.all(running)) {
        const { operation, outcome } = JSON.parse(stdout === '' ? '{}' : stdout) as {
          readonly operation?: string;
          readonly outcome?: { readonly result: string };
        };
        if (operation !== undefined && outcome?.result === 'changed') answered.push(operation);
      }
      expect(await verify(place, daemon.folder)).toMatchObject({ code: 0, stderr: '' });
      daemon = await place.again(daemon);
    }
    const records = await recordsOf(daemon);
    const ended = records.filter(({ event }) => event === 'ended');
    expect(answered.length).toBeGreaterThan(3);
    expect(answered.filter((id) => !ended.some(({ operation }) => operation === id))).toEqual([]);
    expect(records.map(({ number }) => number)).toEqual(records.map((_, at) => at + 1));
    expect(records.filter(({ event }) => event === 'alert')).toEqual([]);
    expect(await verify(place, daemon.folder)).toMatchObject({ code: 0 });
  });

  it('shows by a head that was noted whether its end was cut off', async ({ place }) => {
    const a = await place.shepherd('a', configOf('A', services));
    await a.herd('start', 'one');
    const noted = headIn(await verify(place, a.folder));
    await a.herd('stop', 'one');
    await a.kill('SIGKILL');
    const good = await verify(place, a.folder, '--head', noted);
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain('The record with that head is among them');
    const file = lastFile(a);
    const [first = ''] = fs.readFileSync(file, 'utf8').split('\n');
    fs.writeFileSync(file, `${first}\n`);
    expect(await verify(place, a.folder)).toMatchObject({ code: 0 });
    const cut = await verify(place, a.folder, '--head', noted);
    expect(cut).toMatchObject({ code: 1 });
    expect(cut.stdout).toContain('cut off or replaced');
    expect(await verify(place, a.folder, '--head', 'short')).toMatchObject({ code: 2 });
    // The shepherd that comes next misses it, too, and says so where it cannot be taken back.
    const next = await place.again(a);
    expect((await next.herd('audit')).stdout).toMatch(
      /alert +audit-cut: .* record 4.* by the shepherd/,
    );
  });

  it('is refused where there is none, and told where one cannot be read', async ({ place }) => {
    const nowhere = path.join(place.folder, 'nowhere');
    expect(await verify(place, nowhere)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no folder') as string,
    });
    fs.mkdirSync(path.join(nowhere, 'audit'), { recursive: true });
    expect(await verify(place, nowhere)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        'no record, in 0 files: its records were taken away',
      ) as string,
    });
    fs.writeFileSync(path.join(nowhere, 'audit', '0000000000000002.jsonl'), '');
    const emptied = await verify(place, nowhere, '--json');
    expect(emptied.code).toBe(1);
    expect(JSON.parse(emptied.stdout)).toMatchObject({
      isGood: false,
      recordCount: 0,
      fileCount: 1,
    });
    fs.mkdirSync(path.join(nowhere, 'audit', '0000000000000001.jsonl'));
    expect(await verify(place, nowhere)).toMatchObject({ code: 1, stdout: '' });
  });
});
