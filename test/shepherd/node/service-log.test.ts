/** Places in a log: across rotations, crashes in the middle of one, and what others do to the file. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeLogFiles } from '../../../packages/shepherd/src/node/log-files.ts';
import {
  followedLineBytes,
  followedMs,
  lookMs,
  pieceBytes,
  scannedBytes,
  tailLineBytes,
  timesBytes,
} from '../../../packages/shepherd/src/node/limits.ts';
import { LogTimes } from '../../../packages/shepherd/src/node/log-times.ts';
import { copyMost } from '../../../packages/shepherd/src/node/log-copy.ts';
import { wholeLines } from '../../../packages/shepherd/src/node/lines.ts';
import type { LogPiece, LogQuery, LogSpan } from '../../../packages/shepherd/src/words/types.ts';
import { answerOf, makeFolder, until } from './support.ts';

let folder: string;
let wall: number;
beforeEach(() => {
  folder = makeFolder();
  wall = 1_000_000;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  fs.rmSync(folder, { recursive: true, force: true });
});

const file = (end = ''): string => path.join(folder, `web.log${end}`);
const write = (text: string): void => fs.appendFileSync(file(), text);
/** What a daemon has; another call is the next daemon. */
const open = () => {
  const files = makeLogFiles({ folder, wall: () => wall });
  const log = () => files.logIn(files.pathOf('web'));
  const ask = <T>(request: (answer: ReturnType<typeof answerOf<T>>['answer']) => void) => {
    const { answer, value } = answerOf<T>();
    request(answer);
    return value;
  };
  return {
    files,
    log,
    begin: async (query: LogQuery) =>
      (await ask<LogSpan>((answer) => files.begin('web', query, answer))).begin,
    read: (place: number, end?: number, reader = 'r') =>
      ask<LogPiece>((answer) => files.read(reader, 'web', place, end, answer)),
    /** All lines of a query, piece by piece. */
    lines: async (query: LogQuery): Promise<readonly string[]> => {
      const span = await ask<LogSpan>((answer) => files.begin('web', query, answer));
      const lines: string[] = [];
      for (let place = span.begin; ;) {
        const piece = await ask<LogPiece>((answer) =>
          files.read('all', 'web', place, span.end, answer),
        );
        lines.push(...piece.lines);
        if (piece.isEnd) return lines;
        place = piece.next;
      }
    },
  };
};

describe('a place in a log', () => {
  it('means the same after rotations, until what it points to is gone', async () => {
    const { log, read, files } = open();
    files.bound('web', { keptCount: 2 });
    write('one\ntwo\n');
    await log().rotate(wall);
    write('three\n');
    await log().rotate(wall);
    write('four\n');
    expect(log().end()).toBe(19);
    expect(await read(4, 8)).toMatchObject({ lines: ['two'], next: 8, lostBytes: 0 });
    expect(await read(8, 19)).toMatchObject({ lines: ['three', 'four'], next: 19, isEnd: true });
    expect(await read(14, 19)).toMatchObject({ lines: ['four'], next: 19, isEnd: true });
    await log().rotate(wall);
    expect(fs.existsSync(file('.3'))).toBe(false);
    expect(await read(4, 19)).toMatchObject({ lines: ['three', 'four'], lostBytes: 4 });
  });
  it('within a line begins a rest, which nobody takes for a line of its own', async () => {
    const { lines, read } = open();
    const forged = '2026-11-27 18:20:00 localhost sshd[77]: Accepted password for root';
    write(`${'x'.repeat(followedLineBytes)}${forged}\nnext\n`);
    expect(await lines({})).toEqual(['x'.repeat(followedLineBytes), `… ${forged}`, 'next']);
    // Also in pieces, of which each is asked for by its place alone.
    write(`${'y'.repeat(5 * followedLineBytes)}${forged}\n`);
    expect((await lines({ lineCount: 1 })).filter((line) => !line.startsWith('… '))).toEqual([
      'y'.repeat(followedLineBytes),
    ]);
    expect((await read(followedLineBytes)).lines[0]).toBe(`… ${forged}`);
  });
  it('is known to the next daemon', async () => {
    const first = open();
    write('one\n');
    await first.log().rotate(wall);
    write('two\n');
    const next = open();
    expect(next.log().end()).toBe(8);
    expect((await next.read(4, 8)).lines).toEqual(['two']);
  });
  it('reads a line as one that a rotation has cut in two', async () => {
    const { log, lines } = open();
    write('first\nhal');
    await log().rotate(wall);
    write('f\nlast\n');
    expect(await lines({})).toEqual(['first', 'half', 'last']);
  });
  it('counts what somebody else has emptied as gone, and nothing twice', async () => {
    const { log, read } = open();
    write('one\ntwo\n');
    expect(log().end()).toBe(8);
    fs.truncateSync(file(), 0);
    write('new\n');
    expect(log().end()).toBe(12);
    expect(await read(4, 12)).toMatchObject({ lines: ['new'], next: 12, lostBytes: 4 });
  });
  it('beyond the end is the end', async () => {
    const { read } = open();
    write('one\n');
    expect(await read(4_000, 4_000)).toMatchObject({ lines: [], next: 4, isEnd: true });
  });
  it('stays good where bounds are made smaller, and those that are too many go', async () => {
    const { log, lines, files } = open();
    for (const text of ['a\n', 'b\n', 'c\n', 'd\ndd\n']) {
      write(text);
      await log().rotate(wall);
    }
    expect(fs.existsSync(file('.4'))).toBe(true);
    files.bound('web', { keptCount: 2 });
    write('e\n');
    await log().rotate(wall);
    expect([1, 2, 3, 4, 5].filter((at) => fs.existsSync(file(`.${at}`)))).toEqual([1, 2]);
    // Nobody knows any more whether the first one that is left is whole.
    expect(await lines({})).toEqual(['dd', 'e']);
  });
});

describe('a daemon that was killed while it rotated', () => {
  /** What is on disk after a first line was put aside, as a base for a crash. */
  const before = async (): Promise<string> => {
    const { log } = open();
    write('one\n');
    await log().rotate(wall);
    write('two\n');
    log().stamp(wall);
    return fs.readFileSync(file('.times'), 'utf8');
  };
  it('before it had put anything aside has changed nothing', async () => {
    const times = await before();
    fs.writeFileSync(file('.times'), `${times}rotating\n`);
    fs.writeFileSync(file('.new'), 'tw');
    expect(await open().lines({})).toEqual(['one', 'two']);
    expect(open().log().end()).toBe(8);
  });
  it('after it had put a copy aside, and not emptied the log, tells no line twice', async () => {
    const times = await before();
    fs.renameSync(file('.1'), file('.2'));
    fs.copyFileSync(file(), file('.1'));
    fs.writeFileSync(file('.times'), `${times}rotating\n`);
    const next = open();
    expect(await next.lines({})).toEqual(['one', 'two']);
    expect(next.log().end()).toBe(8);
  });
  it('after it had put the end of one that is far too long aside tells no line twice', async () => {
    const times = await before();
    fs.renameSync(file('.1'), file('.2'));
    write('three\n');
    fs.writeFileSync(file('.1'), 'three\n');
    fs.writeFileSync(file('.times'), `${times}rotating 4\n`);
    expect(await open().lines({})).toEqual(['one', 'two', 'three']);
  });
  it('after it had put the end of one aside behind a line of its own tells no line twice', async () => {
    const times = await before();
    fs.renameSync(file('.1'), file('.2'));
    write('three\n');
    fs.writeFileSync(file('.1'), '\n9 MiB\nthree\n');
    fs.writeFileSync(file('.times'), `${times}rotating 4 7\n`);
    expect(await open().lines({})).toEqual(['one', 'two', 'three']);
    fs.truncateSync(file(), 0);
    fs.writeFileSync(file('.1'), '\n9 MiB\nthree\n');
    fs.writeFileSync(file('.times'), `${times}rotating 4 7\n`);
    expect(await open().lines({})).toEqual(['one', '', '9 MiB', 'three']);
  });
  it('after it had emptied the log, and not noted it, still has every place', async () => {
    const times = await before();
    fs.renameSync(file('.1'), file('.2'));
    fs.copyFileSync(file(), file('.1'));
    fs.writeFileSync(file('.times'), `${times}rotating\n`);
    fs.truncateSync(file(), 0);
    write('three\n');
    const next = open();
    expect(next.log().end()).toBe(14);
    expect(await next.lines({})).toEqual(['one', 'two', 'three']);
    expect((await next.read(8, 14)).lines).toEqual(['three']);
  });
});

describe('the lines since a time', () => {
  const stamped = async (...texts: readonly string[]) => {
    const daemon = open();
    for (const text of texts) {
      write(text);
      daemon.log().stamp(wall);
      wall += 10_000;
    }
    return daemon;
  };
  it('are those that were written after the last look before it: rather more than less', async () => {
    const { lines } = await stamped('a\n', 'b\n', 'c\n');
    // Stamps at 0 s, 10 s and 20 s; it is 30 s now.
    expect(await lines({ sinceMs: 5_000 })).toEqual([]);
    expect(await lines({ sinceMs: 10_000 })).toEqual([]);
    expect(await lines({ sinceMs: 10_001 })).toEqual(['c']);
    expect(await lines({ sinceMs: 15_000 })).toEqual(['c']);
    expect(await lines({ sinceMs: 29_999 })).toEqual(['b', 'c']);
    expect(await lines({ sinceMs: 30_001 })).toEqual(['a', 'b', 'c']);
    expect(await lines({ sinceMs: 29_999, lineCount: 1 })).toEqual(['c']);
  });
  it('begin with a whole one', async () => {
    const { lines } = await stamped('a\nb', 'c\nd\n');
    expect(await lines({ sinceMs: 19_999 })).toEqual(['d']);
  });
  it('are found in old logs, too, and by the next daemon', async () => {
    const { log } = await stamped('a\n', 'b\n');
    await log().rotate(wall);
    write('c\n');
    wall += 1_000;
    expect(await open().lines({ sinceMs: 20_999 })).toEqual(['b', 'c']);
  });
  it('are all where nothing is known of times', async () => {
    const { lines } = open();
    write('a\nb\n');
    expect(await lines({ sinceMs: 1 })).toEqual(['a', 'b']);
  });
  it('cost a bounded file, in which older times are coarser', async () => {
    const { log, lines } = open();
    for (let at = 0; at < 12_000; at += 1) {
      write('x\n');
      log().stamp(wall);
      wall += 1_000;
    }
    expect(fs.statSync(file('.times')).size).toBeLessThanOrEqual(256 * 1024);
    expect(await lines({ sinceMs: 5_000 })).toHaveLength(4);
    const all = await lines({ sinceMs: 11_000_000 });
    expect(all.length).toBeGreaterThanOrEqual(10_999);
    expect(all.length).toBeLessThan(11_020);
  });
});

describe('the last lines', () => {
  it('are counted across old logs', async () => {
    const { log, lines } = open();
    for (let at = 0; at < 5; at += 1) {
      write(`${at}a\n${at}b\n`);
      await log().rotate(wall);
    }
    write('end');
    expect(await lines({ lineCount: 4 })).toEqual(['3b', '4a', '4b', 'end']);
    expect(await lines({ lineCount: 100 })).toHaveLength(11);
    expect(await lines({ lineCount: 0 })).toEqual([]);
  });
  it('are right wherever they lie across the pieces that are read', async () => {
    const { log, lines } = open();
    const all = Array.from({ length: 30_000 }, (_, at) => `line ${at}`);
    write(`${all.slice(0, 20_000).join('\n')}\n`);
    await log().rotate(wall);
    write(`${all.slice(20_000).join('\n')}\n`);
    for (const lineCount of [1, 9_999, 10_000, 10_001, 25_000])
      expect(await lines({ lineCount })).toEqual(all.slice(-lineCount));
  });
});

describe('the last lines since a place', () => {
  const since = (files: ReturnType<typeof open>['files'], place: number, lineCount = 10) => {
    const { answer, value } = answerOf<readonly string[]>();
    files.lines('web', { lineCount, after: [{ place }] }, answer);
    return value;
  };
  it('are none before it, also where a line before it has no end', async () => {
    const { files, log } = open();
    write('old\n');
    const whole = files.end('web');
    expect(await since(files, whole)).toEqual([]);
    write('torn');
    const torn = files.end('web');
    expect(await since(files, torn)).toEqual([]);
    write(' off\na\nb\n');
    expect(await since(files, whole)).toEqual(['torn off', 'a', 'b']);
    expect(await since(files, torn)).toEqual([' off', 'a', 'b']);
    expect(await since(files, torn, 2)).toEqual(['a', 'b']);
    await log().rotate(wall);
    write('c\n');
    expect(await since(files, torn)).toEqual([' off', 'a', 'b', 'c']);
  });
  it('are the last of what fits, where more has been written since', async () => {
    const { files } = open();
    write('old\n');
    const place = files.end('web');
    write(`${'x'.repeat(1_023)}\n`.repeat(2_000));
    const lines = await since(files, place, 10_000);
    expect(lines.length).toBeLessThanOrEqual(1_024);
    expect(new Set(lines)).toEqual(new Set(['x'.repeat(1_023)]));
  });
});

describe('what is looked at of a log', () => {
  /** A log of this size whose one line begins at 2 and ends at its end; its middle is a hole. */
  const hollow = (size: number): void => {
    write('a\n');
    fs.truncateSync(file(), size - 1);
    write('\n');
  };
  it.each([
    [1, tailLineBytes, 0],
    [1, tailLineBytes, 1],
    [10_000, scannedBytes, 0],
    [10_000, scannedBytes, 1],
  ])('for the last lines, %i of them, is bounded: %i bytes, and %i over', async (...row) => {
    const [lineCount, bound, over] = row;
    const { begin } = open();
    hollow(bound + 2 + over);
    // Within a line that is longer: its end is told, and not nothing.
    expect(await begin({ lineCount })).toBe(2 + over);
  });
  it('of its times is bounded, and what they take: the older half is thinned', () => {
    // 32 bytes each.
    const stamps = (count: number): string =>
      Array.from(
        { length: count },
        (_, at) => `${1_700_000_000_000 + at} 10000000 10000000\n`,
      ).join('');
    const size = (): number => fs.statSync(file('.times')).size;
    fs.writeFileSync(file('.times'), stamps(timesBytes / 32 - 1));
    const times = new LogTimes(file());
    times.stamp(1_800_000_000_000, 10_000_000, 10_000_000, 0);
    expect(size()).toBe(timesBytes);
    times.stamp(1_800_000_000_001, 10_000_000, 10_000_000, 0);
    expect(size()).toBeGreaterThan(0.7 * timesBytes);
    expect(size()).toBeLessThan(0.8 * timesBytes);
    fs.writeFileSync(file('.times'), stamps((2 * timesBytes) / 32));
    expect(times.placeAt(1_800_000_000_000)).toBe(20_000_000);
    fs.appendFileSync(file('.times'), '\n');
    expect(times.placeAt(1_800_000_000_000)).toBeUndefined();
  });
  it('has times of its own alone: a pipe in their place is not waited for, a link not followed', () => {
    const times = new LogTimes(file());
    execFileSync('mkfifo', [file('.times')]);
    times.stamp(1, 0, 10, 0);
    expect(times.placeAt(1)).toBeUndefined();
    fs.rmSync(file('.times'));
    const theirs = path.join(folder, 'theirs');
    fs.writeFileSync(theirs, `${'1 0 10\n'.repeat(timesBytes / 7 + 1)}`);
    fs.symlinkSync(theirs, file('.times'));
    expect(times.placeAt(1)).toBeUndefined();
    fs.rmSync(file('.times'));
    fs.copyFileSync(theirs, file('.times'));
    fs.symlinkSync(theirs, file('.times.new'));
    const before = fs.readFileSync(theirs, 'utf8');
    times.stamp(2, 0, 20, 0);
    expect(times.placeAt(2)).toBe(20);
    expect(fs.statSync(file('.times')).size).toBeLessThan(before.length);
    expect(fs.readFileSync(theirs, 'utf8')).toBe(before);
  });
  it('of one that grows all the time is copied up to a bound beside the event loop', async () => {
    let leftBytes = 0;
    const from = {
      read: (piece: Uint8Array) => {
        const bytesRead = Math.min(leftBytes, piece.length);
        leftBytes -= bytesRead;
        return Promise.resolve({ bytesRead });
      },
    };
    const to = { writeFile: () => Promise.resolve() };
    const copied = (size: number): Promise<number> => {
      leftBytes = size;
      return copyMost(from, to, 0, most);
    };
    const most = 3 * pieceBytes;
    expect(await copied(most - 1)).toBe(most - 1);
    expect(await copied(most)).toBe(most);
    expect(await copied(most + 1)).toBe(most);
    expect(leftBytes).toBe(1);
  });
});

describe('a follower that waits', () => {
  it('is told by the kernel of a line, and not of half of one', async () => {
    // What would look all the same, after a while, never does.
    const { setTimeout: later } = globalThis;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number) =>
      later(task, ms < lookMs ? ms : 1_000_000_000)) as typeof setTimeout);
    const { read, log } = open();
    write('one\n');
    const waiting = read(log().end());
    write('ha');
    await new Promise((later) => setTimeout(later, 100));
    write('lf\n');
    expect(await waiting).toMatchObject({ lines: ['half'], next: 9, hasWaited: true });
  });
  it('and forgets it gets nothing after a while, and leaves nothing behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const soon = () => new Promise((later) => setImmediate(later));
    const { read } = open();
    write('one\n');
    let piece: LogPiece | undefined;
    void read(4).then((one) => (piece = one));
    // One timer is that of the reading, the other that of its look.
    while (vi.getTimerCount() < 2) await soon();
    await vi.advanceTimersByTimeAsync(followedMs - 1);
    expect(piece).toBeUndefined();
    // Between two looks there may be a pause, which is a timer, too.
    for (let ms = 0; piece === undefined && ms < 50; ms += 1) {
      await vi.advanceTimersByTimeAsync(1);
      for (let turn = 0; turn < 100; turn += 1) await soon();
    }
    expect(piece).toMatchObject({ lines: [], next: 4 });
    expect(vi.getTimerCount()).toBe(0);
  });
  it('goes on with the new file when the log is rotated meanwhile', async () => {
    const { read, log } = open();
    write('one\n');
    const waiting = read(4);
    await log().rotate(wall);
    write('two\n');
    expect(await waiting).toMatchObject({ lines: ['two'], next: 8 });
  });
  it('waits for a log that is not there yet', async () => {
    const { read } = open();
    const waiting = read(0);
    await new Promise((later) => setTimeout(later, 50));
    write('first\n');
    expect((await waiting).lines).toEqual(['first']);
  });
  it('that is stopped, or asks again, ends at once and leaves no watch', async () => {
    const { read, files } = open();
    write('one\n');
    const first = read(4);
    await new Promise((later) => setTimeout(later, 50));
    const second = read(4);
    expect((await first).lines).toEqual([]);
    await new Promise((later) => setTimeout(later, 50));
    expect(process.getActiveResourcesInfo()).toContain('FSEventWrap');
    files.stop('r');
    expect((await second).lines).toEqual([]);
    await until('no watch', () => !process.getActiveResourcesInfo().includes('FSEventWrap'));
  });
});

describe('lines for a follower', () => {
  const bytes = (text: string) => Buffer.from(text);
  it('are whole where more may come, and all where none does', () => {
    expect(wholeLines(bytes('a\r\nb\nc'), true)).toEqual({ lines: ['a', 'b'], byteCount: 5 });
    expect(wholeLines(bytes('a\r\nb\nc'), false)).toEqual({ lines: ['a', 'b', 'c'], byteCount: 6 });
    expect(wholeLines(bytes('\n\n'), true)).toEqual({ lines: ['', ''], byteCount: 2 });
  });
  it('are of 4,096 bytes at most: a longer one comes in several, marked, and no character is cut', () => {
    const long = (count: number) => 'é'.repeat(count);
    const lines = (text: string) => wholeLines(bytes(text), true).lines;
    expect(lines(`${long(2_048)}\n`)).toEqual([long(2_048)]);
    expect(lines(`${long(2_049)}\na\n`)).toEqual([long(2_048), '… é', 'a']);
    expect(lines(`x${long(2_048)}\n`)).toEqual([`x${long(2_047)}`, '… é']);
    expect(wholeLines(bytes('a\nb\n'), true, true).lines).toEqual(['… a', 'b']);
    expect(wholeLines(bytes(long(2_048)), true)).toEqual({ lines: [], byteCount: 0 });
  });
  it('are 256 at most', () => {
    expect(wholeLines(bytes('a\n'.repeat(257)), true)).toMatchObject({ byteCount: 512 });
    expect(wholeLines(bytes('a\n'.repeat(256)), true).lines).toHaveLength(256);
  });
  it('are text also where they are none', () => {
    const { lines, byteCount } = wholeLines(
      Uint8Array.of(0xff, 0x80, 0x0a, 0xef, 0xbb, 0xbf, 0x0a),
      true,
    );
    expect(lines).toEqual(['\ufffd\ufffd', '\ufeff']);
    expect(byteCount).toBe(7);
    const stray = new Uint8Array(5_000).fill(0x80);
    expect(wholeLines(stray, true).byteCount).toBe(4_096);
  });
});
