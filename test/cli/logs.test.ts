/** Logs from end to end: real services, shepherds and terminals. */
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bins,
  configOf,
  eventually,
  freePort,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';

let place: Place;
const terminals: ChildProcess[] = [];
beforeEach(() => {
  place = makePlace();
});
afterEach(async () => {
  for (const each of terminals.splice(0)) each.kill('SIGKILL');
  await place.clean();
});

/** A `herd` that goes on. */
interface Terminal {
  readonly process: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly lines: () => readonly string[];
  readonly ended: Promise<number | null>;
  says(text: string): Promise<void>;
}
const terminal = (socket: string, ...words: readonly string[]): Terminal => {
  const begun = place.begin(process.execPath, [bins.herd, '-s', socket, ...words]);
  const { process: child, stdout: out, stderr: err } = begun;
  terminals.push(child);
  return {
    process: child,
    out,
    err,
    lines: () => out().split('\n').slice(0, -1),
    ended: begun.ended.then(({ code }) => code),
    says: (text) => eventually(`${text} in ${out()}${err()}`, () => out().includes(text)),
  };
};

/** Says a line whenever a file `say` has a new one, with numbers of its own in between on demand. */
const talker = `const fs = require('fs');
  let said = 0;
  setInterval(() => {
    let lines = [];
    try { lines = fs.readFileSync('say-' + process.env.NAME, 'utf8').split('\\\\n').slice(0, -1); } catch {}
    for (const line of lines.slice(said)) console.log(line);
    said = lines.length;
  }, 10);`;
const web = (name: string, more = ''): string =>
  `service({ provision: ['${name}'], ${more}
     start: exec(['node', '-e', \`${talker}\`], { env: { NAME: '${name}' } }) })`;
const say = (daemon: Daemon, name: string, ...lines: readonly string[]): void =>
  fs.appendFileSync(path.join(daemon.folder, `say-${name}`), `${lines.join('\n')}\n`);

/** How many files a daemon watches. */
const watchCount = ({ process: { pid } }: Daemon): number =>
  fs
    .readdirSync(`/proc/${pid}/fdinfo`)
    .map((fd) => {
      try {
        return fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
      } catch {
        return ''; // closed meanwhile
      }
    })
    .reduce((sum, text) => sum + (text.match(/^inotify wd:/gm)?.length ?? 0), 0);

describe('herd log', () => {
  it('follows a service until Ctrl-C, and then nothing is left at the shepherd', async () => {
    const daemon = await place.shepherd('A', configOf('A', web('web')));
    await daemon.herd('start', 'web');
    say(daemon, 'web', 'one', 'two', 'three');
    await eventually('its lines', async () =>
      (await daemon.herd('log', 'web')).stdout.includes('three'),
    );
    expect((await daemon.herd('log', 'web', '-n', '2')).stdout).toBe('two\nthree\n');
    const before = watchCount(daemon);
    const follower = terminal(daemon.socket, 'log', 'web', '-f', '-n', '1');
    await follower.says('three\n');
    say(daemon, 'web', 'four', '\x1b[31mred');
    await follower.says('\\x1b[31mred\n');
    expect(follower.out()).toBe('three\nfour\n\\x1b[31mred\n');
    await eventually('a watch', () => watchCount(daemon) === before + 1);
    follower.process.kill('SIGINT');
    expect(await follower.ended).toBe(0);
    await eventually('no watch', () => watchCount(daemon) === before);
    expect(follower.err()).toBe('');
  });

  it('knows to within ten seconds when a line was written', async () => {
    const daemon = await place.shepherd('A', configOf('A', web('web')));
    await daemon.herd('start', 'web');
    say(daemon, 'web', 'early');
    const times = path.join(daemon.folder, 'log', 'web.log.times');
    await eventually('a note of how far the log is', () => fs.existsSync(times), 15_000);
    // As if that had been an hour ago.
    const text = fs.readFileSync(times, 'utf8');
    fs.writeFileSync(times, text.replace(/^\d+/, String(Date.now() - 3_600_000)));
    say(daemon, 'web', 'late');
    await eventually('the line', async () =>
      (await daemon.herd('log', 'web')).stdout.includes('late'),
    );
    expect((await daemon.herd('log', 'web', '--since', '30m')).stdout).toBe('late\n');
    expect((await daemon.herd('log', 'web', '--since', '2h')).stdout).toBe('early\nlate\n');
    expect((await daemon.herd('log', 'web', '--since', '30m', '-n', '0')).stdout).toBe('');
  });

  it('loses and repeats nothing when the log is rotated while it is followed', async () => {
    const writer = `const fs = require('fs'); let at = 0;
      setInterval(() => { for (let n = 0; n < 20; n += 1) fs.writeSync(1, 'line ' + at++ + '.'.repeat(100) + '\\\\n'); }, 5);`;
    const config = configOf(
      'A',
      `service({ provision: ['web'], log: { maxMiB: 1, keep: 20, compress: 'none' }, start: exec(['node', '-e', \`${writer}\`]) })`,
    );
    const daemon = await place.shepherd('A', config);
    const begun = terminal(daemon.socket, 'log', 'web', '-f');
    await daemon.herd('start', 'web');
    const old = path.join(daemon.folder, 'log', 'web.log.1');
    await eventually('a rotation', () => fs.existsSync(old), 30_000);
    // A log that is put aside as soon as it is long enough has fewer.
    await eventually('10,000 lines', () => begun.lines().length > 10_000, 60_000);
    const { stdout } = await daemon.herd('log', 'web', '-n', '10000');
    await daemon.herd('stop', 'web');
    const last = (await daemon.herd('log', 'web', '-n', '1')).stdout.trimEnd();
    await begun.says(last);
    const numbers = (lines: readonly string[]): readonly number[] =>
      lines.map((line) => Number(/^line (\d+)\./.exec(line)?.[1]));
    const followed = numbers(begun.lines());
    // What was written in the very instant of the cut is in no file; all the rest came, and came once.
    const ends = Array.from({ length: 20 }, (_, at) => `.${20 - at}`);
    const kept = [...ends, '']
      .map((end) => path.join(daemon.folder, 'log', `web.log${end}`))
      .flatMap((file) => (fs.existsSync(file) ? [fs.readFileSync(file, 'utf8')] : []));
    expect(kept.length).toBeGreaterThan(1);
    expect(followed).toEqual(numbers(kept.join('').split('\n').slice(0, -1)));
    expect(followed[0]).toBe(0);
    expect(followed.length).toBeGreaterThan(9_000);
    // Those of before the rotation are read, too.
    const asked = numbers(stdout.split('\n').slice(0, -1));
    expect(asked).toHaveLength(10_000);
    const first = followed.indexOf(asked[0] ?? NaN);
    expect(asked).toEqual(followed.slice(first, first + 10_000));
  }, 90_000);

  it('is as slow as its reader, with bounded memory everywhere', async () => {
    const flood = `const fs = require('fs'); for (let at = 0; at < 400000; at += 1) fs.writeSync(1, 'line ' + at + '.'.repeat(90) + '\\\\n'); setInterval(() => {}, 1000)`;
    const config = configOf(
      'A',
      `service({ provision: ['web'], log: { maxMiB: 100 }, start: exec(['node', '-e', \`${flood}\`]) })`,
    );
    const daemon = await place.shepherd('A', config);
    await daemon.herd('start', 'web');
    const log = path.join(daemon.folder, 'log', 'web.log');
    await eventually('all that it writes', () => textEnd(log).includes('line 399999.'), 60_000);
    const size = fs.statSync(log).size;
    const before = residentBytes(daemon.process.pid);
    const follower = terminal(daemon.socket, 'log', 'web', '-f', '--since', '1h');
    follower.process.stdout?.pause();
    await new Promise((later) => setTimeout(later, 3_000));
    const after = residentBytes(daemon.process.pid);
    expect(size).toBeGreaterThan(36_000_000);
    expect(after - before).toBeLessThan(40_000_000);
    expect(residentBytes(follower.process.pid)).toBeLessThan(150_000_000);
    follower.process.stdout?.resume();
    await eventually('all of it', () => follower.out().length >= size, 60_000);
    expect(follower.lines()).toHaveLength(400_000);
  }, 150_000);

  it('follows what happens to all services', async () => {
    const daemon = await place.shepherd('A', configOf('A', `service({ provision: ['net'] })`));
    const follower = terminal(daemon.socket, 'log', '-f');
    await daemon.herd('start', 'net');
    await follower.says('\tservice net is running\n');
    await daemon.herd('stop', 'net');
    await follower.says('\tservice net is stopped\n');
    expect((await daemon.herd('log', '--since', '1h')).stdout).toBe(follower.out());
    expect((await daemon.herd('log', '-n', '1')).stdout).toBe(`${follower.lines().at(-1)}\n`);
    follower.process.kill('SIGINT');
    expect(await follower.ended).toBe(0);
  });
});

const residentBytes = (pid: number | undefined): number =>
  1024 * Number(/^VmRSS:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const textEnd = (file: string): string => {
  try {
    const { size } = fs.statSync(file);
    const bytes = Buffer.alloc(200);
    const descriptor = fs.openSync(file, 'r');
    fs.readSync(descriptor, bytes, 0, 200, Math.max(0, size - 200));
    fs.closeSync(descriptor);
    return bytes.toString();
  } catch {
    return '';
  }
};

describe('herd log of a fleet', () => {
  const machines = async (): Promise<{ a: Daemon; b: Daemon; c: Daemon }> => {
    const members: Daemon[] = [];
    for (const name of ['a', 'b']) {
      const listen = `{ unix: true, tcpTls: { host: '127.0.0.1', port: ${await freePort()} } }`;
      const daemon = await place.shepherd(name, configOf(name.toUpperCase(), web('web'), listen));
      await daemon.herd('start', 'web');
      members.push(daemon);
    }
    const [a, b] = members;
    if (a === undefined || b === undefined) throw new Error('no members');
    const c = await place.shepherd(
      'c',
      configOf(
        'C',
        `exported({ provision: ['web-a'], from: ref('web-a'), node: 'alpha' }),
         exported({ provision: ['web-b'], from: ref('web-b'), node: 'beta' }),
         fleet({ provision: ['web-fleet'], members: ['web-a', 'web-b'], minReady: 1 })`,
      ),
    );
    for (const [name, daemon] of [
      ['a', a],
      ['b', b],
    ] as const) {
      const file = path.join(place.folder, `web-${name}.ref`);
      await daemon.herd('ref', 'mint', 'web', '--out', file);
      await place.herd(['ref', 'add', `web-${name}`, '--from', file]);
      await c.herd('ref', 'push', `web-${name}`);
    }
    return { a, b, c: await restarted(c) };
  };
  /** Its refs are read at its start. */
  const restarted = async (daemon: Daemon): Promise<Daemon> => {
    await daemon.kill('SIGTERM');
    return place.again(daemon);
  };

  it('goes on through a controller that is killed: no line is lost or told twice', async () => {
    const { a, b, c } = await machines();
    const follower = terminal(c.socket, 'log', 'web-fleet', '-f');
    const bothSay = async (text: string): Promise<void> => {
      say(a, 'web', text);
      say(b, 'web', text);
      for (const node of ['alpha', 'beta']) await follower.says(`${node}: ${text}\n`);
    };
    const said = (): readonly (readonly string[])[] =>
      ['alpha: ', 'beta: '].map((node) =>
        follower
          .lines()
          .flatMap((line) => (line.startsWith(node) ? [line.slice(node.length)] : [])),
      );
    await bothSay('one');
    await c.kill('SIGKILL');
    await eventually('away', () => follower.err().includes('the shepherd is away, trying again'));
    say(a, 'web', 'two');
    say(b, 'web', 'two');
    const again = await place.again(c);
    await bothSay('three');
    const all = ['one', 'two', 'three'];
    expect(said()).toEqual([all, all]);
    expect(follower.err().match(/the shepherd is \w+/g)).toEqual([
      'the shepherd is away',
      'the shepherd is there',
    ]);
    await again.kill('SIGKILL');
    await eventually('away', () => follower.err().match(/shepherd is away/g)?.length === 2);
    follower.process.kill('SIGINT');
    expect(await follower.ended).toBe(0);
  });

  it('merges its members, goes on without one that is down, and with it when it is back', async () => {
    const { a, b, c } = await machines();
    const follower = terminal(c.socket, 'log', 'web-fleet', '-f', '-n', '0');
    await eventually('both are followed', () => watchCount(a) === 1 && watchCount(b) === 1);
    say(a, 'web', 'a one');
    say(b, 'web', 'b one');
    await follower.says('alpha: a one\n');
    await follower.says('beta: b one\n');
    await b.kill('SIGKILL');
    await eventually('a word about it', () =>
      /herd: beta web-b: .*trying again/.test(follower.err()),
    );
    say(a, 'web', 'a two');
    await follower.says('alpha: a two\n');
    say(b, 'web', 'b two');
    const log = path.join(b.folder, 'log', 'web.log');
    await eventually('it is in the file', () => fs.readFileSync(log, 'utf8').endsWith('b two\n'));
    const back = await place.again(b);
    await follower.says('beta: b two\n');
    say(back, 'web', 'b three');
    await follower.says('beta: b three\n');
    expect(follower.err()).toMatch(/herd: beta web-b: it is there again\n$/);
    expect([...follower.lines()].sort()).toEqual([
      'alpha: a one',
      'alpha: a two',
      'beta: b one',
      'beta: b three',
      'beta: b two',
    ]);
    follower.process.kill('SIGINT');
    expect(await follower.ended).toBe(0);
    await eventually('no watch at a member', () => watchCount(a) === 0 && watchCount(back) === 0);
  }, 90_000);

  it('is had through a ref, too, and says by its exit code that a member was missing', async () => {
    const { a, b, c } = await machines();
    say(a, 'web', 'a one');
    say(b, 'web', 'b one');
    const file = path.join(place.folder, 'fleet.ref');
    await c.herd('ref', 'mint', 'web-fleet', '--out', file);
    await place.herd(['ref', 'add', 'fleet', '--from', file]);
    const follower = terminal(c.socket, 'log', '@fleet', '-f');
    await follower.says('alpha: a one\n');
    await follower.says('beta: b one\n');
    say(a, 'web', 'a two');
    await follower.says('alpha: a two\n');
    follower.process.kill('SIGINT');
    expect(await follower.ended).toBe(0);
    const all = await c.herd('log', 'web-fleet', '--json');
    const documents = all.stdout
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each) as unknown);
    expect(documents).toContainEqual({
      schema: 1,
      kind: 'line',
      from: 'alpha',
      service: 'web-a',
      text: 'a two',
    });
    expect(all.code).toBe(0);
    await b.kill('SIGKILL');
    const rest = await c.herd('log', 'web-fleet');
    expect(rest).toMatchObject({ code: 4, stdout: 'alpha: a one\nalpha: a two\n' });
    expect(rest.stderr).toMatch(/^herd: beta web-b: .+\n$/);
    const one = await c.herd('log', 'web-b');
    expect(one).toMatchObject({ code: 4, stdout: '' });
    expect(one.stderr).toMatch(/^herd: beta: .+\n$/);
  }, 90_000);
});
