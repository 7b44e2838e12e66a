import nodeCryptography, { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import {
  nodeClock,
  nodeCrypto,
  nodeEntropy,
  nodeReaper,
  nodeSchedulers,
} from '@bellwether/netlayer-stream';
import { makeNobleCrypto } from '@bellwether/ocapn';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { collector } from '../../support/collector.ts';
import { pattern, untilReal } from '../../support/netlayer-rig.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe("Node's crypto", () => {
  const crypto = nodeCrypto();

  test('hashes and signs as the portable implementation verifies, and the other way round', () => {
    const noble = makeNobleCrypto(crypto.random);
    for (const byteCount of [0, 1, 63, 64, 1_000]) {
      const message = pattern(byteCount, 7);
      expect(hex(crypto.sha256(message))).toBe(hex(noble.sha256(message)));
      const [mine, theirs] = [crypto.keyPair(), noble.keyPair()];
      expect(noble.verify(mine.publicKey, message, mine.sign(message))).toBe(true);
      expect(crypto.verify(theirs.publicKey, message, theirs.sign(message))).toBe(true);
    }
  });

  test('gives plain arrays of their own', () => {
    const pair = crypto.keyPair();
    const all = [
      pair.publicKey,
      pair.sign(pattern(3)),
      crypto.sha256(pattern(3)),
      crypto.random(16),
    ];
    for (const bytes of all) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });

  test('verifies nothing that differs in one bit, and never throws', () => {
    const { publicKey, sign } = crypto.keyPair();
    const message = pattern(40);
    const signature = sign(message);
    expect(crypto.verify(publicKey, message, signature)).toBe(true);
    const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));
    expect(crypto.verify(publicKey, flipped(message, 39), signature)).toBe(false);
    for (let at = 0; at < 64; at += 1) {
      expect(crypto.verify(publicKey, message, flipped(signature, at))).toBe(false);
      if (at < 32) expect(crypto.verify(flipped(publicKey, at), message, signature)).toBe(false);
    }
  });

  test.each([0, 31, 33, 64])('takes no key of %i bytes', (byteCount) => {
    expect(crypto.verify(pattern(byteCount), pattern(3), pattern(64))).toBe(false);
  });
  test.each([0, 63, 65])('takes no signature of %i bytes', (byteCount) => {
    const { publicKey } = crypto.keyPair();
    expect(crypto.verify(publicKey, pattern(3), pattern(byteCount))).toBe(false);
  });

  test('generates no pair by a job, whose end could wait for its export in Node 20', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const shared: { export(how?: object): unknown } = Object.getPrototypeOf(publicKey);
    const exports = vi.spyOn(shared, 'export');
    const generates = vi.spyOn(nodeCryptography, 'generateKeyPairSync');
    syncBuiltinESMExports();
    crypto.keyPair();
    const exported = exports.mock.contexts.map((key) => (key as KeyObject).type);
    const count = generates.mock.calls.length;
    vi.restoreAllMocks();
    syncBuiltinESMExports();
    expect([count, exported]).toEqual([0, ['public']]);
  });
  test('never makes the same key twice', () => {
    const keys = Array.from({ length: 50 }, () => hex(crypto.keyPair().publicKey));
    expect(new Set(keys).size).toBe(50);
  });

  test('never gives the same randomness twice', () => {
    const seen = new Set(Array.from({ length: 100 }, () => hex(crypto.random(16))));
    expect(seen.size).toBe(100);
    const into = new Uint8Array(64);
    nodeEntropy().fill(into);
    expect(new Set(into).size).toBeGreaterThan(20);
  });
});

describe("Node's clock", () => {
  afterEach(() => vi.useRealTimers());

  test('runs a task once, after its time, and not at all when it was cancelled', () => {
    vi.useFakeTimers();
    const told: string[] = [];
    const clock = nodeClock();
    clock.after(50, () => told.push('kept'));
    const cancel = clock.after(50, () => told.push('cancelled'));
    cancel();
    vi.advanceTimersByTime(49);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(['kept']);
  });

  test('waits for longer than Node can in one go, and can still be cancelled on the way', () => {
    vi.useFakeTimers();
    const told: number[] = [];
    const [month, clock] = [30 * 86_400_000, nodeClock()];
    clock.after(month, () => told.push(1));
    const cancel = clock.after(month, () => told.push(2));
    vi.advanceTimersByTime(29 * 86_400_000);
    cancel();
    expect(told).toEqual([]);
    vi.advanceTimersByTime(2 * 86_400_000);
    expect(told).toEqual([1]);
  });

  test('takes what is no positive number for none', () => {
    vi.useFakeTimers();
    let count = 0;
    for (const ms of [0, -5, NaN]) nodeClock().after(ms, () => (count += 1));
    vi.advanceTimersByTime(1);
    expect(count).toBe(3);
  });

  test('tells monotonic and wall milliseconds', () => {
    const clock = nodeClock({ unref: true });
    const before = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(1_000);
  });
});

describe("Node's schedulers", () => {
  const settled = (): Promise<void> => new Promise((go) => setImmediate(() => setImmediate(go)));

  test('run the turns of a wake-up, then its flushes, those that the turns ask for included', async () => {
    const { vat, flush } = nodeSchedulers();
    const told: string[] = [];
    flush.enqueue(() => told.push('flush 1'));
    vat.enqueue(() => {
      told.push('turn 1');
      flush.enqueue(() => told.push('flush 2'));
    });
    vat.enqueue(() => told.push('turn 2'));
    expect(told).toEqual([]);
    await settled();
    expect(told).toEqual(['turn 1', 'turn 2', 'flush 1', 'flush 2']);
  });

  test('let a turn that posts to its own vat wait for the next check phase', async () => {
    const { vat, flush } = nodeSchedulers();
    const told: string[] = [];
    vat.enqueue(() => {
      told.push('turn 1');
      vat.enqueue(() => told.push('turn 2'));
      flush.enqueue(() => told.push('flush'));
    });
    await settled();
    expect(told).toEqual(['turn 1', 'flush', 'turn 2']);
  });

  test('lose no task behind one that throws', async () => {
    const { vat, flush } = nodeSchedulers();
    const told: string[] = [];
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error.message));
    vat.enqueue(() => {
      throw new Error('turn');
    });
    vat.enqueue(() => told.push('turn 2'));
    flush.enqueue(() => {
      throw new Error('flush');
    });
    flush.enqueue(() => told.push('flush 2'));
    await untilReal('all', () => told.length === 2);
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
    expect([thrown, told]).toEqual([
      ['turn', 'flush'],
      ['turn 2', 'flush 2'],
    ]);
  });
});

test("Node's reaper tells of an object that nobody holds, and of none that somebody does", async () => {
  const collect = collector();
  const reaper = nodeReaper();
  const told: string[] = [];
  const held = { name: 'held' };
  reaper.watch(held, () => told.push('held'));
  (() => reaper.watch({ name: 'lost' }, () => told.push('lost')))();
  await untilReal('collected', () => {
    collect();
    return told.length > 0;
  });
  expect([told, held.name]).toEqual([['lost'], 'held']);
});
