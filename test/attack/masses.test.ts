/** What comes in masses: see wire.test.ts for all cases. */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { LIMITS, type SyrupRecord } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { type End, ROADS } from '../support/attack-roads.ts';
import { sceneOn } from '../support/attack-scene.ts';
import { Stranger } from '../support/attack-stranger.ts';
import { deliver, object, promise, sym, toAnswer, toExport } from '../support/ocapn-raw.ts';

const MiB = 1024 * 1024;

/** Of one test where the machine is busy with others. */
const PATIENCE_MS = 240_000;

describe.each(ROADS)('over $name', (road) => {
  const scene = sceneOn(road);
  it(
    'case 11: a million questions that are never answered end their session at its limit, each time',
    () =>
      scene.suffer(
        async () => {
          const never = (count: number, from: number): SyrupRecord[] =>
            Array.from({ length: count }, (_, n) => deliver(toAnswer(0), [sym('never')], from + n));
          for (let times = 0; times < 2; times += 1) {
            const mallory = await scene.guest();
            let askedCount = 0;
            const questions = function* (): Generator<SyrupRecord[]> {
              for (; askedCount < 1_000_000; askedCount += 500) yield never(500, 10 + askedCount);
            };
            await mallory.flood(questions());
            expect(await scene.endOf(mallory)).toContain(`more than ${LIMITS.answers} answers`);
            expect(askedCount).toBeGreaterThan(LIMITS.answers - 500);
          }
          // What nobody waits for any more is forgotten as more comes to be waited for.
          const next = await scene.guest();
          next.send(...never(100, 10), deliver(toAnswer(0), [sym('echo'), 7], 1, object(2)));
          await next.told(2);
          next.hangUp();
        },
        { peakBytes: 128 * MiB },
      ),
    PATIENCE_MS,
  );
  it(
    'case 12: 100,000 gifts that nobody fetches are as many as the limit',
    () =>
      scene.suffer(
        async () => {
          const mallory = await scene.guest();
          const idOf = (n: number): Uint8Array => new Uint8Array(Buffer.from(`gift ${n}`));
          const deposit = (n: number): SyrupRecord =>
            deliver(toExport(0), [sym('deposit-gift'), idOf(n), toExport(1)]);
          const gifts = function* (): Generator<SyrupRecord[]> {
            for (let from = 0; from < 100_000; from += 500)
              yield Array.from({ length: 500 }, (_, n) => deposit(from + n));
          };
          await mallory.flood(gifts());
          const again = (n: number, resolver: number): Promise<readonly [string, unknown]> => {
            const args = [sym('deposit-gift'), idOf(n), toExport(1)];
            mallory.send(deliver(toExport(0), args, false, object(resolver)));
            return mallory.told(resolver);
          };
          // Whoever is answered has had all judged that he sent before.
          expect((await again(100_000, 39))[0]).toBe('break');
          const receiver = await scene.guest();
          const mine = nodeCrypto().keyPair();
          const get = (n: number, resolver: number) =>
            receiver.withdraw(mallory.give(idOf(n), mine.publicKey), resolver, resolver, mine);
          expect((await get(LIMITS.gifts - 1, 40))[0]).toBe('fulfill');
          // The others were refused: there is one place again, for one of them.
          expect((await again(50_000, 41))[0]).toBe('fulfill');
          expect((await again(50_001, 42))[0]).toBe('break');
          mallory.hangUp();
          receiver.hangUp();
        },
        { peakBytes: 128 * MiB },
      ),
    PATIENCE_MS,
  );
  it(
    'case 15: 1,000 sessions of four peers, each with 3 live references each way, leave nothing',
    () =>
      scene.suffer(
        async () => {
          const come = async (lane: End): Promise<void> => {
            const peer = await Stranger.guest(lane, scene.at);
            for (let n = 1; n <= 3; n += 1)
              peer.send(deliver(toAnswer(0), [sym('make')], n, object(n + 1)));
            const theirs = [object(50), object(51), object(52)];
            peer.send(deliver(toAnswer(0), [sym('keep'), theirs], 9, object(10)));
            await peer.told(10);
            peer.hangUp();
          };
          const lanes = [scene.end(), scene.end(), scene.end(), scene.end()];
          for (let times = 0; times < 250; times += 1) await Promise.all(lanes.map(come));
        },
        { peakBytes: 160 * MiB, cpuMs: 30_000 },
      ),
    PATIENCE_MS,
  );
  it(
    'messages of nothing but small values, which wait, are weighed by what they unfold to',
    () =>
      scene.suffer(
        async () => {
          const mallory = await scene.guest();
          mallory.send(deliver(toAnswer(0), [sym('await'), promise(20)], 1, object(2)));
          const count = LIMITS.values - 20;
          const frame = Buffer.from(
            `<10'op:deliver<11'desc:answer1+>[4'echo[${'{}'.repeat(count)}]]ff>`,
          );
          const frames = function* (): Generator<Uint8Array[]> {
            for (let sent = 0; sent < 2 * LIMITS.pendingBytes; sent += frame.length) yield [frame];
          };
          await mallory.flood(frames());
          expect(await scene.endOf(mallory)).toContain('bytes of messages that wait');
        },
        { peakBytes: 192 * MiB, cpuMs: 15_000 },
      ),
    PATIENCE_MS,
  );
  it('a peer that asks for 256 MiB and does not read costs a bounded part of memory', () =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.stopReading();
      const long = new Uint8Array(64 * 1024).fill(7);
      const asks = function* (): Generator<SyrupRecord[]> {
        for (let n = 0; n < 4_000; n += 1)
          yield [deliver(toAnswer(0), [sym('echo'), long], 100 + n, object(100 + n))];
      };
      let isOver = false;
      const flood = mallory.flood(asks()).finally(() => (isOver = true));
      for (let times = 0; times < 100 && !isOver && !mallory.isClosed; times += 1)
        await new Promise((go) => setTimeout(go, 20));
      mallory.hangUp();
      await flood;
    }));
});
