import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  burstBytes,
  fileBytes,
  keptInPlaceBytes,
  lastPieceCount,
  logPollMs,
  pieceBytes,
  roomLookMs,
  roomLossBytes,
} from '../../../packages/shepherd/src/node/limits.ts';
import { makeLogFiles, openLog } from '../../../packages/shepherd/src/node/log-files.ts';
import { rotateFull, rotateLogs } from '../../../packages/shepherd/src/node/log-rotation.ts';
import { Starts } from '../../../packages/shepherd/src/node/starts.ts';
import { makeFolder, until } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const limit = 10 * 1024 * 1024;
let folder: string;
let events: string[];
beforeEach(() => {
  folder = makeFolder();
  events = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(folder, { recursive: true, force: true });
});

const place = (name: string): string => path.join(folder, name);
const powers = (except: readonly string[] = []) => ({
  folder,
  except,
  logs: makeLogFiles({ folder, wall: Date.now }),
  starts: new Starts(path.join(folder, 'starts')),
  wall: Date.now,
  after: () => () => undefined,
  log: (event: string, { why, bytes }: Readonly<Record<string, unknown>>) =>
    void events.push(`${event}: ${String(why ?? bytes)}`),
});
const write = (name: string, text: string, size = limit + 1): void => {
  fs.writeFileSync(place(name), text.padEnd(size, '.'), { mode: 0o640 });
};
/** All but the notes of when what was written. */
const logs = (): readonly string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => !name.endsWith('.times'))
    .sort();
const startOf = (name: string): string => fs.readFileSync(place(name), 'utf8').slice(0, 5);

describe('a log that lies elsewhere', () => {
  it('is rotated as the others are, and stays when they are removed', async () => {
    const all = powers();
    fs.mkdirSync(place('there'));
    const file = place('there/job.txt');
    all.logs.bound('job', { file });
    expect(all.logs.pathOf('job')).toBe(file);
    write('there/job.txt', 'first');
    await rotateFull(all);
    expect(startOf('there/job.txt.1')).toBe('first');
    all.logs.remove('job');
    expect(fs.existsSync(`${file}.1`)).toBe(true);
    expect(all.logs.pathOf('job')).toBe(place('job.log'));
  });
  it('of one in the folder nothing is left once it is removed, and of others all', async () => {
    const all = powers();
    write('job.log', 'first');
    write('job.log.x.log', 'other', 5);
    write('job-1.log', 'other', 5);
    await rotateFull(all);
    all.logs.remove('job');
    expect(
      fs
        .readdirSync(folder)
        .filter((name) => name.startsWith('job') && !name.includes('times'))
        .sort(),
    ).toEqual(['job-1.log', 'job.log.x.log']);
    expect(fs.existsSync(place('job.log.times'))).toBe(false);
  });
});

describe('a log that is over 10 MiB', () => {
  it('becomes the first old one, and is empty', async () => {
    write('web.log', 'first');
    await rotateFull(powers());
    expect(fs.statSync(place('web.log')).size).toBe(0);
    expect(fs.statSync(place('web.log.1')).size).toBe(limit + 1);
    expect(fs.statSync(place('web.log.1')).mode & 0o777).toBe(0o640);
    expect(startOf('web.log.1')).toBe('first');
  });
  it('is left as it is at the limit, and where somebody else takes care of it', async () => {
    write('web.log', 'first', limit);
    write('shepherd.log', 'other');
    await rotateFull(powers([place('shepherd.log')]));
    expect(logs()).toEqual(['shepherd.log', 'web.log']);
  });
  it('has five old ones, of which the oldest goes', async () => {
    for (let count = 0; count < 7; count += 1) {
      write('web.log', `log-${count}`);
      await rotateFull(powers());
    }
    expect(logs()).toHaveLength(6);
    expect(startOf('web.log.1')).toBe('log-6');
    const oldest = zlib.gunzipSync(fs.readFileSync(place('web.log.5.gz')));
    expect(oldest.toString().slice(0, 5)).toBe('log-2');
  });
  it('is not what a link leads to, and not a file with two names', async () => {
    write('target', 'other');
    fs.symlinkSync('target', place('link.log'));
    write('one.log', 'other');
    fs.linkSync(place('one.log'), place('two.log'));
    await rotateFull(powers());
    expect(logs()).toEqual(['link.log', 'one.log', 'target', 'two.log']);
    expect(fs.statSync(place('target')).size).toBe(limit + 1);
  });
  it('is looked at once more when it is open: it may have got another name since', async () => {
    write('one.log', 'other');
    const log = powers().logs.logIn(place('one.log'));
    expect(log.isFull()).toBe(true);
    fs.linkSync(place('one.log'), place('two'));
    await expect(log.rotate(0)).rejects.toThrow('is no plain file with one name');
    expect(logs()).toEqual(['one.log', 'two']);
    expect(fs.statSync(place('two')).size).toBe(limit + 1);
  });
  it('is told where it cannot be rotated, and holds up no other', async () => {
    write('a.log', 'first');
    fs.mkdirSync(place('a.log.5'));
    write('b.log', 'first');
    await rotateFull(powers());
    expect(events).toEqual([expect.stringMatching(/^log\.not-rotated: /)]);
    expect(fs.statSync(place('a.log')).size).toBe(limit + 1);
    expect(fs.statSync(place('b.log')).size).toBe(0);
  });
});

describe('a log for whose copy there is no room', () => {
  const kept = keptInPlaceBytes;
  const line = (at: number): string => `line ${String(at).padStart(58, '0')}\n`;
  /** Lines of 64 bytes, until there are so many bytes. */
  const writeLines = (size: number): void =>
    fs.writeFileSync(
      place('web.log'),
      Array.from({ length: size / 64 }, (_, at) => line(at)).join(''),
    );
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  /** A disk on which nothing new can be made. */
  const noNewFile = () => {
    const open = fs.promises.open;
    return vi.spyOn(fs.promises, 'open').mockImplementation((file, ...rest) => {
      if (String(file).endsWith('.new')) return Promise.reject(full);
      return open(file, ...rest);
    });
  };
  const cutOut =
    '\n2026-11-26 07:00:00 16.0 MiB were cut out here, since the disk was full when it was to be put aside';
  const all = () => ({ ...powers(), wall: () => new Date(2026, 10, 26, 7).getTime() });
  const mebibyte = 1024 * 1024;
  it.each([mebibyte, 2 * kept, 2 * kept + 128])(
    'and no older one keeps its newest lines, and says what is gone (it may have %d bytes)',
    async (maxBytes) => {
      noNewFile();
      const rotation = all();
      rotation.logs.bound('web', { maxBytes });
      writeLines(maxBytes + 64);
      const log = rotation.logs.logIn(place('web.log'));
      const end = log.end();
      await rotateFull(rotation);
      const [none, first, ...lines] = fs
        .readFileSync(place('web.log'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(none).toBe('');
      expect(first).toMatch(
        /^2026-11-26 07:00:00 [\d.]+ [MK]iB were cut out here, since the disk was full/,
      );
      expect(lines.length).toBe(Math.min(maxBytes / 2, kept) / 64 - 1);
      expect(`${lines.at(-1)}\n`).toBe(line(maxBytes / 64));
      expect(lines.every((text, at) => at === 0 || text > (lines[at - 1] ?? ''))).toBe(true);
      expect(events.at(-1)).toBe('log.cut: there was no room to put it aside');
      // Who reads along goes on where he was.
      expect(log.end()).toBe(end);
      fs.appendFileSync(place('web.log'), 'more\n');
      expect(Buffer.from((await log.read(end - 64, 99)).bytes).toString()).toBe(
        `${line(maxBytes / 64)}more\n`,
      );
      expect(powers().logs.end('web')).toBe(end + 5);
      // It is no longer over its size, and left alone.
      await rotateFull(rotation);
      expect(events).toHaveLength(2);
      vi.restoreAllMocks();
      await log.rotate(0);
      expect(startOf('web.log.1')).toBe('\n2026');
    },
  );
  it('is emptied first where its own front cannot be written either: a hole, or a disk that never writes in place', async () => {
    noNewFile();
    writeLines(limit + 64);
    const write = fs.writeSync as (...args: readonly unknown[]) => number;
    const truncate = fs.ftruncateSync;
    let isEmptied = false;
    vi.spyOn(fs, 'ftruncateSync').mockImplementation((file, size) => {
      isEmptied = true;
      truncate(file, size);
    });
    vi.spyOn(fs, 'writeSync').mockImplementation((...args: readonly unknown[]) => {
      if (!isEmptied && args.length === 5) throw full;
      return write(...args);
    });
    await rotateFull(all());
    const text = fs.readFileSync(place('web.log'), 'utf8');
    expect(text.slice(0, 200).replace(/[\d.]+ MiB/, '16.0 MiB')).toContain(cutOut);
    expect(text.endsWith(line(limit / 64))).toBe(true);
    expect(text.length).toBeLessThanOrEqual(kept + 200);
  });
  it('is emptied where nothing at all can be written, and how much that was is told', async () => {
    noNewFile();
    writeLines(limit + 64);
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw full;
    });
    await rotateFull(all());
    expect(fs.statSync(place('web.log')).size).toBe(0);
    expect(events.at(-1)).toBe('log.cut: there was no room to put it aside');
  });
  it('is as it was where it is not over its size, and put aside by the time', async () => {
    noNewFile();
    const rotation = all();
    rotation.logs.bound('web', { when: { kind: 'every', everyMs: 1_000 } });
    writeLines(limit);
    await rotateFull(rotation);
    expect(fs.statSync(place('web.log')).size).toBe(limit);
  });
});

describe('a log for which somebody has reserved more of the disk than it may have', () => {
  const takenBytes = (): number => 512 * fs.statSync(place('web.log')).blocks;
  /**
   * As fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) does: the size of the file stays. Where the free places of the disk
   * are small the file system takes a little more, to note which they are.
   */
  const reserved = (size: number): number => {
    fs.writeFileSync(place('web.log'), 'first\n');
    execFileSync('fallocate', ['--keep-size', '--length', String(size), place('web.log')]);
    expect(takenBytes()).toBeGreaterThanOrEqual(size);
    return takenBytes();
  };
  it('is left as it is at the limit', async () => {
    const bytes = reserved(limit);
    await rotateFull(powers());
    expect(takenBytes()).toBe(bytes);
    expect(events).toEqual([]);
  });
  it.each([limit + 4096, 3 * limit])(
    'gives it back, and keeps its lines: %d bytes',
    async (size) => {
      const bytes = reserved(size);
      await rotateFull(powers());
      expect(takenBytes()).toBe(4096);
      expect(fs.readFileSync(place('web.log'), 'utf8')).toBe('first\n');
      expect(logs()).toEqual(['web.log']);
      expect(events).toEqual([`log.given-back: ${bytes - 4096}`]);
    },
  );
  it('is put aside where it cannot be given back alone', async () => {
    reserved(limit + 4096);
    const truncate = fs.ftruncateSync;
    vi.spyOn(fs, 'ftruncateSync').mockImplementation((file, size) => {
      if (size === 0) truncate(file, size);
    });
    await rotateFull(powers());
    expect(fs.statSync(place('web.log')).blocks).toBe(0);
    expect(fs.readFileSync(place('web.log.1'), 'utf8')).toBe('first\n');
  });
});

describe('a log that is nothing but a hole', () => {
  const grown = (size: number): void => {
    write('web.log', 'first');
    fs.truncateSync(place('web.log'), size - 6);
    fs.appendFileSync(place('web.log'), '\nlast\n');
  };
  it('is kept whole at the limit', async () => {
    grown(limit + burstBytes);
    await rotateFull(powers());
    expect(fs.statSync(place('web.log.1')).size).toBe(limit + burstBytes);
    expect(events).toEqual([]);
  });
  it.each([limit + burstBytes + 1, 2 ** 43])(
    'of %d bytes becomes as long as one may be',
    async (size) => {
      grown(size);
      fs.writeFileSync(place('web.log.1'), 'before\n');
      const { logs: files, ...rest } = powers();
      const log = files.logIn(place('web.log'));
      await rotateFull({ logs: files, ...rest });
      const { size: kept, blocks } = fs.statSync(place('web.log.1'));
      const text = fs.readFileSync(place('web.log.1'));
      const line = text.subarray(0, text.indexOf('\n', 1) + 1).toString();
      const mebibytes = ((size - limit) / (1024 * 1024)).toFixed(1);
      expect(line.replace(/[\d-]+ [\d:]+ /, '')).toBe(
        `\n${mebibytes} MiB were cut out here, since more came than this log may have: maxMiB in its configuration\n`,
      );
      // Behind it the rest of a line begins, and is marked.
      const cut = Buffer.from(`${line}… `);
      expect(text.indexOf(cut)).toBe(0);
      expect(kept).toBe(limit + cut.length);
      expect(512 * blocks).toBeLessThanOrEqual(limit + 4096);
      expect(text.subarray(-6).toString()).toBe('\nlast\n');
      expect(events).toEqual([`log.cut: ${size - limit}`]);
      // What never was has no places: what is before it and behind it is found.
      const end = 7 + limit + cut.length;
      expect(log.end()).toBe(end);
      expect(Buffer.from((await log.read(0, 7)).bytes).toString()).toBe('before\n');
      fs.appendFileSync(place('web.log'), 'more\n');
      expect(Buffer.from((await log.read(end, 9)).bytes).toString()).toBe('more\n');
    },
  );
  it('counts as a pebibyte at most', () => {
    write('web.log', 'first');
    const real = fs.lstatSync(place('web.log'));
    const ends = [fileBytes - 1, fileBytes, fileBytes + 1].map((size) => {
      const stat = Object.assign(Object.create(real) as fs.Stats, { size });
      const log = powers().logs.logIn(place('web.log'));
      log.end(); // the first look is at what an earlier daemon left
      const look = vi.spyOn(fs, 'lstatSync').mockReturnValue(stat);
      const end = log.end();
      look.mockRestore();
      return end;
    });
    expect(ends).toEqual([fileBytes - 1, fileBytes, fileBytes]);
  });
});

it('a service that goes on writing goes on at the start of its log, line by line', async () => {
  const script = `const fs = require('fs');
    for (let at = 0; at < 400_000; at += 1) fs.writeSync(1, 'line ' + String(at).padStart(54, '0') + '\\n');`;
  const log = openLog(place('web.log'));
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', log, 'inherit'] });
  fs.closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until('a full log', () => fs.statSync(place('web.log')).size > limit);
  await rotateFull(powers());
  expect(await ended).toBe(0);
  const text = ['web.log.1', 'web.log']
    .map((name) => fs.readFileSync(place(name), 'utf8'))
    .join('');
  const numbers = text
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.slice(5)));
  expect(numbers[0]).toBe(0);
  expect(numbers.at(-1)).toBe(399_999);
  // Whole lines, in order; what was written in the very instant of the cut may be missing.
  expect(numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0))).toBe(true);
  // How much that is depends on who else gets the processor then: what counts is that it is one place.
  const gaps = numbers.filter((number, at) => at > 0 && number !== (numbers[at - 1] ?? 0) + 1);
  expect(gaps.length).toBeLessThanOrEqual(1);
  expect(numbers.length).toBeGreaterThan(380_000);
});

it('what a service writes faster than the end of its log is copied is lost, and a line says how much', async () => {
  write('web.log', 'first');
  const rename = fs.renameSync;
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    rename(from, to);
    fs.truncateSync(place('web.log'), 100 * 1024 * 1024);
  });
  await rotateFull(powers());
  const text = fs.readFileSync(place('web.log.1'));
  const line = text.subarray(text.lastIndexOf('\0') + 1).toString();
  expect(line).toMatch(/^\n[-\d]+ [:\d]+ 26\.0 MiB were cut out here, since more came than/);
  expect(text.length).toBe(limit + 1 + lastPieceCount * pieceBytes + line.length);
  expect(fs.statSync(place('web.log')).size).toBe(0);
});

describe('the logs are looked at', () => {
  /** Looks that a test has come to pass. `room`: bytes that the disk has left. */
  const looking = () => {
    const timers: { readonly ms: number; readonly task: () => void; isOff: boolean }[] = [];
    let room = 2 ** 40;
    vi.spyOn(fs.promises, 'statfs').mockImplementation(
      async () => ({ bfree: room / 4_096, bsize: 4_096 }) as fs.StatsFs,
    );
    const { stop } = rotateLogs({
      ...powers(),
      after: (ms, task) => {
        const timer = { ms, task, isOff: false };
        timers.push(timer);
        return () => {
          timer.isOff = true;
        };
      },
    });
    const look = async (count = 1): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        const { length } = timers;
        timers.at(-1)?.task();
        await until('the next timer', () => timers.length > length);
      }
    };
    const lose = (bytes: number): void => {
      room -= bytes;
    };
    return { timers, stop, look, lose };
  };
  const isRotated = (): boolean => fs.existsSync(place('web.log.1'));
  it('every ten seconds, until that is taken back', async () => {
    const { timers, stop, look } = looking();
    write('web.log', 'first');
    await look(logPollMs / roomLookMs - 1);
    expect(isRotated()).toBe(false);
    await look();
    expect(isRotated()).toBe(true);
    stop();
    expect(timers.map(({ ms, isOff }) => [ms, isOff])).toEqual([
      ...Array<unknown>(10).fill([roomLookMs, false]),
      [roomLookMs, true],
    ]);
  });
  it('at once where the disk has lost more than 64 MiB since they were, and not for less', async () => {
    const { look, lose } = looking();
    await look();
    write('web.log', 'first');
    lose(roomLossBytes - 4_096);
    await look();
    lose(4_096);
    await look();
    expect(isRotated()).toBe(false);
    lose(4_096);
    await look();
    expect(isRotated()).toBe(true);
    write('web.log', 'again');
    lose(roomLossBytes);
    await look();
    expect(fs.existsSync(place('web.log.2'))).toBe(false);
    lose(-(2 ** 30));
    await look();
    lose(roomLossBytes + 4_096);
    await look();
    expect(startOf('web.log.1')).toBe('again');
  });
});
