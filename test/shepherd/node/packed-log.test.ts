/** Old logs that are compressed: any part of them, in a log and alone; by the time, by age, and after a crash. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  expireLookMs,
  expireMs,
  leastRotatedBytes,
  packedPieceBytes,
  packedPieceCount,
} from '../../../packages/shepherd/src/node/limits.ts';
import { makeLogFiles } from '../../../packages/shepherd/src/node/log-files.ts';
import { rotateFull } from '../../../packages/shepherd/src/node/log-rotation.ts';
import { pack, packedSize, readPacked } from '../../../packages/shepherd/src/node/packed-log.ts';
import { Starts } from '../../../packages/shepherd/src/node/starts.ts';
import type { LogBounds, LogPiece, LogSpan } from '../../../packages/shepherd/src/words/types.ts';
import { answerOf, makeFolder } from './support.ts';
import { seeded } from '../../support/system-logs.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => path.join(folder, name);

/** A file of so many bytes, and it packed. */
const packed = async (size: number) => {
  const random = seeded(size);
  const bytes = Buffer.alloc(size);
  // Half of it can be compressed.
  for (let at = 0; at < size; at += 1) bytes[at] = at % 64 < 32 ? 0x2e : random(256);
  fs.writeFileSync(place('plain'), bytes, { mode: 0o640 });
  fs.utimesSync(place('plain'), 5, 7);
  await pack(place('plain'), place('packed'));
  return bytes;
};
const readAll = async (from: number, length: number): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for (let at = from; at < from + length;) {
    const part = await readPacked(place('packed'), at, from + length - at);
    if (part.length === 0) break;
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
};

describe('a packed log', () => {
  it.each([
    1,
    packedPieceBytes - 1,
    packedPieceBytes,
    packedPieceBytes + 1,
    3 * packedPieceBytes + 5,
  ])(
    'of %i bytes is what it was, in any part and as a whole, and for every other program',
    async (size) => {
      const bytes = await packed(size);
      expect(packedSize(place('packed'))).toBe(size);
      expect((await readAll(0, size)).equals(bytes)).toBe(true);
      const random = seeded(3);
      for (let count = 0; count < 20; count += 1) {
        const [from, length] = [random(size), 1 + random(100_000)];
        const part = await readAll(from, Math.min(length, size - from));
        expect(part.equals(bytes.subarray(from, from + length))).toBe(true);
      }
      expect(await readPacked(place('packed'), size, 10)).toHaveLength(0);
      expect(zlib.gunzipSync(fs.readFileSync(place('packed'))).equals(bytes)).toBe(true);
      const stat = fs.statSync(place('packed'));
      expect([stat.mode & 0o777, stat.mtimeMs]).toEqual([0o640, 7_000]);
    },
  );
  it('that is cut anywhere, or has more behind it, is none', async () => {
    const size = 2 * packedPieceBytes + 9;
    await packed(size);
    const whole = fs.readFileSync(place('packed'));
    const random = seeded(9);
    const cuts = [
      0,
      1,
      10,
      31,
      whole.length - 1,
      ...Array.from({ length: 40 }, () => random(whole.length)),
    ];
    for (const cut of cuts) {
      fs.writeFileSync(place('packed'), whole.subarray(0, cut));
      expect(packedSize(place('packed')), String(cut)).toBe(0);
    }
    fs.writeFileSync(place('packed'), Buffer.concat([whole, whole]));
    expect(packedSize(place('packed'))).toBe(0);
    fs.writeFileSync(place('packed'), zlib.gzipSync('of another program'));
    expect(packedSize(place('packed'))).toBe(0);
    expect(await readPacked(place('packed'), 0, 10)).toHaveLength(0);
  });
  it('that has rotted is refused, or is what it was: never something else', async () => {
    const bytes = await packed(packedPieceBytes + 9);
    const whole = fs.readFileSync(place('packed'));
    const random = seeded(11);
    for (let count = 0; count < 60; count += 1) {
      const rotten = Buffer.from(whole);
      const at = 32 + random(whole.length - 32);
      rotten[at] = (rotten[at] ?? 0) ^ (1 << random(8));
      fs.writeFileSync(place('packed'), rotten);
      const found = await readAll(0, bytes.length).catch(() => undefined);
      if (found !== undefined && packedSize(place('packed')) > 0)
        expect(found.equals(bytes.subarray(0, found.length)), String(at)).toBe(true);
    }
  });
  it('has no piece that unpacks to more than a piece has', async () => {
    await packed(1);
    const whole = fs.readFileSync(place('packed'));
    const bomb = (bytes: number): Buffer => {
      const member = zlib.gzipSync(Buffer.alloc(bytes));
      const head = Buffer.concat([member.subarray(0, 10), whole.subarray(10, 24)]);
      head.writeUInt8(4, 3);
      const first = Buffer.concat([head, member.subarray(10)]);
      const last = Buffer.from(whole.subarray(whole.length - 30));
      last.writeUInt32LE(first.length, 16);
      return Buffer.concat([first, last]);
    };
    fs.writeFileSync(place('packed'), bomb(packedPieceBytes));
    expect(await readPacked(place('packed'), 0, 1)).toEqual(Buffer.alloc(1));
    fs.writeFileSync(place('packed'), bomb(packedPieceBytes + 1));
    await expect(readPacked(place('packed'), 0, 1)).rejects.toThrow(/larger than/);
  });
  it('has 16,000 pieces at most, and not one more', () => {
    const listed = (count: number): Buffer => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(count) * BigInt(packedPieceBytes));
      const empty = zlib.gzipSync('');
      const member = (mark: string, extra: Buffer): Buffer => {
        const head = Buffer.alloc(16);
        empty.copy(head, 0, 0, 10);
        head.writeUInt8(4, 3);
        head.writeUInt16LE(4 + extra.length, 10);
        head.write(mark, 12, 'latin1');
        head.writeUInt16LE(extra.length, 14);
        return Buffer.concat([head, extra, empty.subarray(10)]);
      };
      const piece = member('Bw', size);
      const lengths = Buffer.alloc(4 * count);
      for (let at = 0; at < count; at += 1) lengths.writeUInt32LE(piece.length, 4 * at);
      return Buffer.concat([...Array<Buffer>(count).fill(piece), member('Bi', lengths)]);
    };
    fs.writeFileSync(place('packed'), listed(packedPieceCount));
    expect(packedSize(place('packed'))).toBe(packedPieceCount * packedPieceBytes);
    fs.writeFileSync(place('packed'), listed(packedPieceCount + 1));
    expect(packedSize(place('packed'))).toBe(0);
  });
  it('is not begun where another one lies, and leaves nothing where its log is gone', async () => {
    await packed(9);
    await expect(pack(place('plain'), place('packed'))).rejects.toThrow(/EEXIST/);
    await expect(pack(place('none'), place('fresh'))).rejects.toThrow(/ENOENT/);
    expect(fs.existsSync(place('fresh'))).toBe(false);
  });
});

/** A daemon's logs at a time that the test sets. */
const open = (bounds: LogBounds = {}) => {
  const clock = { wall: Date.UTC(2026, 10, 26, 12) };
  const events: string[] = [];
  const logs = makeLogFiles({ folder, wall: () => clock.wall });
  logs.bound('web', bounds);
  const lines = async (): Promise<readonly string[]> => {
    const { answer, value } = answerOf<LogSpan>();
    logs.begin('web', {}, answer);
    const { begin, end } = await value;
    const found: string[] = [];
    for (let place = begin; ;) {
      const piece = answerOf<LogPiece>();
      logs.read('all', 'web', place, end, piece.answer);
      const { lines: more, next, isEnd } = await piece.value;
      found.push(...more);
      if (isEnd) return found;
      place = next;
    }
  };
  const look = () =>
    rotateFull({
      folder,
      except: [],
      logs,
      starts: new Starts(place('starts')),
      after: () => () => undefined,
      wall: () => clock.wall,
      zone: { offsetMs: () => 0 },
      log: (event, { why }) => void events.push(`${event}: ${String(why)}`),
    });
  return { clock, events, look, lines, log: logs.logIn(logs.pathOf('web')) };
};
const write = (text: string): void => fs.appendFileSync(place('web.log'), text);
const names = (): readonly string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => /^web\.log(?!\.times)/.test(name))
    .sort();
const at = (text: string): number => Date.parse(`${text}Z`);
const midnight = { kind: 'calendar', seconds: [0], minutes: [0], hours: [0] } as const;
const long = `${'x'.repeat(99)}\n`.repeat(100);

describe('what was put aside of a log', () => {
  it('is packed, all but the latest, and read as before', async () => {
    const { look, lines, log } = open({ maxBytes: 9_000 });
    const all: string[] = [];
    for (let number = 0; number < 4; number += 1) {
      for (let count = 0; count < 100; count += 1) all.push(`${number} ${count} ${'.'.repeat(90)}`);
      write(`${all.slice(-100).join('\n')}\n`);
      await look();
    }
    write('the last\n');
    expect(names()).toEqual([
      'web.log',
      'web.log.1',
      'web.log.2.gz',
      'web.log.3.gz',
      'web.log.4.gz',
    ]);
    expect(await lines()).toEqual([...all, 'the last']);
    // The next daemon knows as much.
    expect(await open({ maxBytes: 9_000 }).lines()).toEqual([...all, 'the last']);
    expect(log.end()).toBe(all.join('\n').length + '\nthe last\n'.length);
  });
  it('stays as it is where somebody wants that', async () => {
    const { look } = open({ maxBytes: 9_000, isPacked: false });
    for (let number = 0; number < 3; number += 1) {
      write(long);
      await look();
    }
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2', 'web.log.3']);
  });
  it('counts once where a daemon was killed between packing it and removing it', async () => {
    const { look } = open({ maxBytes: 9_000 });
    for (const each of ['a', 'b', 'c']) {
      write(`${each}${long}`);
      await look();
    }
    fs.writeFileSync(place('web.log.2'), zlib.gunzipSync(fs.readFileSync(place('web.log.2.gz'))));
    const next = open({ maxBytes: 9_000 });
    const first = (await next.lines()).map((line) => line[0]).filter((char) => char !== 'x');
    expect(first).toEqual(['a', 'b', 'c']);
    await next.look();
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2.gz', 'web.log.3.gz']);
  });
  it('is told once where it cannot be packed, and is there still', async () => {
    const { look, events } = open({ maxBytes: 9_000 });
    write(long);
    await look();
    fs.mkdirSync(place('web.log.2.gz.new'));
    write(long);
    await look();
    await look();
    expect(events).toHaveLength(1);
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2', 'web.log.2.gz.new']);
  });
  it('goes when it is older than it may be, and not before', async () => {
    const { look, clock } = open({ maxBytes: 9_000 });
    for (let number = 0; number < 2; number += 1) {
      write(long);
      await look();
    }
    const old = clock.wall - expireMs;
    fs.utimesSync(place('web.log.2.gz'), old / 1_000, old / 1_000);
    clock.wall += expireLookMs - 1;
    fs.utimesSync(place('web.log.1'), clock.wall / 1_000, clock.wall / 1_000);
    await look();
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2.gz']);
    clock.wall += 1;
    await look();
    expect(names()).toEqual(['web.log', 'web.log.1']);
  });
});

describe('a log that is put aside by the time', () => {
  it(`is, where it has more than ${leastRotatedBytes} bytes, once for each time`, async () => {
    const { look, clock } = open({ when: midnight });
    clock.wall = at('2026-11-26T23:59:50');
    write('.'.repeat(leastRotatedBytes + 1));
    await look();
    expect(names()).toEqual(['web.log']);
    clock.wall = at('2026-11-27T00:00:00');
    await look();
    expect(names()).toEqual(['web.log', 'web.log.1']);
    write('.'.repeat(leastRotatedBytes));
    clock.wall = at('2026-11-28T00:00:05');
    await look();
    write('.');
    await look();
    expect(names()).toEqual(['web.log', 'web.log.1']);
    clock.wall = at('2026-11-29T00:00:05');
    await look();
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2.gz']);
  });
  it('is, also where no daemon ran at that time', async () => {
    const before = open({ when: midnight });
    before.clock.wall = at('2026-11-26T12:00:00');
    write(long);
    await before.look();
    const next = open({ when: midnight });
    next.clock.wall = at('2026-11-27T09:00:00');
    await next.look();
    expect(names()).toEqual(['web.log', 'web.log.1']);
  });
});

describe.skipIf(process.getuid?.() !== 0)('a log on a full disk (root)', () => {
  beforeEach(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]);
  });
  afterEach(() => void execFileSync('umount', ['-l', folder]));

  it('gives up the oldest of what was put aside, one at each look, until it can be put aside', async () => {
    const { look, lines, events } = open({ maxBytes: 9_000, isPacked: false });
    for (const each of ['a', 'b', 'c']) {
      // The first line of what is left may be the end of one that is gone.
      write(`-\n${each}\n${'x'.repeat(9_999)}\n`);
      await look();
    }
    fs.writeFileSync(place('filler'), Buffer.alloc(8_192));
    write(`-\nd\n${'x'.repeat(9_999)}\n`);
    await look();
    expect(events.map((event) => event.replace(/ \(.*/, ''))).toEqual([
      'log.not-rotated: the disk is full',
      'log.dropped: there was no room for it',
    ]);
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2']);
    await look();
    const first = (await lines()).filter((line) => /^[a-z]$/.test(line));
    expect(first).toEqual(['b', 'c', 'd']);
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2', 'web.log.3']);
  });
  it('gives up its own oldest lines where there is nothing else, says so, and is put aside again', async () => {
    const { look, lines, events } = open({ maxBytes: 9_000 });
    for (let number = 0; number < 100; number += 1) write(`${number} ${'x'.repeat(97)}\n`);
    fs.writeFileSync(place('filler'), Buffer.alloc(65_536 - 5 * 4_096));
    await look();
    expect(events.map((event) => event.replace(/ \(.*/, ''))).toEqual([
      'log.not-rotated: the disk is full',
      'log.cut: there was no room to put it aside',
    ]);
    const [first, second, ...rest] = await lines();
    expect(first).toMatch(/ 6 KiB were cut out here, since the disk was full/);
    expect(Number(second?.slice(0, 2))).toBeGreaterThan(50);
    expect(rest.at(-1)).toMatch(/^99 x/);
    expect(rest.length).toBeGreaterThan(40);
    write(`more ${'x'.repeat(9_000)}\n`);
    fs.rmSync(place('filler'));
    await look();
    expect(names()).toEqual(['web.log', 'web.log.1']);
    expect((await lines())[0]).toBe(first);
  });
});
