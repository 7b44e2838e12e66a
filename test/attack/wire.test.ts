/**
 * What strangers can do to a router over real sockets, on every road by which strangers come. Of each case is asserted
 * (`scene.suffer`) that a good client is served all the while and a new one afterwards, that the peak of the victim's memory
 * and its CPU time stay within bounds, and that in the end it holds no session, no entry and no memory for it.
 *
 *   case                                in        more of it, in simulated time or on one transport
 *    1  100,000 nested lists            case 1    ocapn/syrup/read, cli/strangers
 *    2  a length of 9,999,999,999       case 2    ocapn/syrup/read, ocapn/syrup/split, cli/strangers
 *    3  a megabyte of digits            case 3    ocapn/syrup/read
 *    4  one byte at a time              case 4    ocapn/captp/slow, ocapn/captp/flood (records that are not all there)
 *    5  5,000 that say nothing          sockets   ocapn/router/identity, netlayers/tcp-tls/liars, cli/story-11
 *    6  TLS that lies                   sockets   netlayers/tcp-tls/liars (an acceptor)
 *    7  preambles that lie              sockets   netlayers/tcp-tls/liars (a dialler)
 *    8  hellos that lie, crossed dials  case 8    ocapn/router/identity, ocapn/router/crossing, ocapn/identity/vectors
 *    9  messages to what is not there   case 9    ocapn/captp/hostile
 *   10  garbage that lies               case 10   ocapn/captp/hostile, ocapn/session/tables
 *   11  questions without end, cycles   case 11   ocapn/captp/hostile, ocapn/captp/flood (listeners)
 *   12  gifts that lie, or lie there    case 12   ocapn/handoff/gifts, ocapn/handoff/counts
 *   13  values that are traps           case 13   ocapn/syrup/read, ocapn/syrup/write
 *   14  an end in the middle            case 14   ocapn/captp/hostile
 *   15  1,000 sessions                  case 15   bench/sessions
 *   –   silence, and half a frame      –         ocapn/router/liveness, ocapn/router/identity, ocapn/captp/stalls
 *   –   a peer that does not read       wire      ocapn/session/outbox, ocapn/router/liveness, ocapn/captp/hostile
 *   –   who it is                       sockets   ocapn/router/identity, netlayers/tcp-tls/liars, netlayers/unix/shared
 */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { encode, LIMITS, SyrupRecord } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { Client } from '../support/attack-client.ts';
import { type End, ROADS } from '../support/attack-roads.ts';
import { sceneOn } from '../support/attack-scene.ts';
import { Stranger } from '../support/attack-stranger.ts';
import { ZOO } from '../support/attack-victim.ts';
import { deliver, object, promise, record, sym, toAnswer, toExport } from '../support/ocapn-raw.ts';

const MiB = 1024 * 1024;

describe.each(ROADS)('over $name', (road) => {
  const scene = sceneOn(road);
  const begun = "<10'op:deliver<11'desc:export0+>[";

  it('case 1: 100,000 nested lists end their session', () =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.send(`${begun}${'['.repeat(100_000)}`);
      expect(await scene.endOf(mallory)).toContain('64');
    }));
  it('case 2: a length of 9,999,999,999 ends its session, and the memory does not move', () =>
    scene.suffer(
      async () => {
        const mallory = await scene.guest();
        mallory.send(`${begun}9999999999:`);
        expect(await scene.endOf(mallory)).toContain(String(LIMITS.recordBytes));
      },
      { peakBytes: 16 * MiB },
    ));
  it('case 3: a megabyte of digits ends its session', () =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.send(`${begun}${'9'.repeat(MiB)}`);
      expect(await scene.endOf(mallory)).toContain(String(LIMITS.integerDigits));
    }));
  it.runIf(road.isStream)(
    'case 4: a frame that comes byte by byte is read, and holds nobody up',
    () =>
      scene.suffer(async () => {
        const slow = await scene.guest();
        const frame = encode(deliver(toAnswer(0), [sym('echo'), 'x'.repeat(2_000)], 1, object(2)));
        for (const byte of frame) {
          slow.send(Uint8Array.of(byte));
          await new Promise((go) => setImmediate(go));
        }
        expect(await slow.told(2)).toEqual(['fulfill', 'x'.repeat(2_000)]);
        slow.hangUp();
      }),
  );
  describe('case 8: a hello', () => {
    const isRefused = async (greet: (mallory: Stranger) => Promise<Uint8Array>): Promise<void> => {
      const mallory = await Stranger.connect(scene.end(), scene.at);
      mallory.send(await greet(mallory));
      expect(await scene.endOf(mallory)).toContain('captp: expected');
    };
    it('that is signed badly ends its session', () =>
      scene.suffer(async () => {
        await isRefused(async (mallory) => {
          const bytes = Uint8Array.from(mallory.hello());
          const last = bytes.length - 10;
          bytes[last] = (bytes[last] ?? 0) ^ 1;
          return bytes;
        });
      }));
    it('that is the own one of the victim, sent back, ends its session', () =>
      scene.suffer(() =>
        isRefused(async (mallory) => {
          await mallory.until('a hello', () => mallory.greeting !== undefined);
          return mallory.greeting ?? new Uint8Array(0);
        }),
      ));
    it('of another session makes nobody that peer', () =>
      scene.suffer(async () => {
        const known = await scene.guest();
        const replayer = await Stranger.connect(scene.end(), scene.at);
        replayer.send(known.hello());
        if (road.dialler === 'proved') {
          expect(await scene.endOf(replayer)).toContain('names another peer');
        } else {
          await replayer.until('a hello', () => replayer.greeting !== undefined);
          // It has no key: nothing that it signs is believed, and nobody is routed to it.
          const give = replayer.give(ZOO, nodeCrypto().keyPair().publicKey);
          const thief = nodeCrypto().keyPair();
          expect((await replayer.withdraw(give, 0, 5, thief))[0]).toBe('break');
          expect((await scene.victim.stats()).sessions.map(({ peer }) => peer)).toEqual(
            new Array(3).fill(undefined),
          );
        }
        known.hangUp();
        replayer.hangUp();
      }));
    if (road.dialler === 'proved')
      it('that crosses another leaves one session, twenty times', () =>
        scene.suffer(async () => {
          for (let times = 0; times < 20; times += 1) {
            const other = new Client(road.listener(''));
            const place = await other.listen('other');
            const said = scene.victim.call(place);
            await Promise.all([said, other.call(scene.at)]);
            expect(await said).toBe('said other');
            const { sessions } = await scene.victim.stats();
            expect(sessions.filter(({ peer }) => peer === other.designator)).toHaveLength(1);
            expect(other.router.sessions()).toHaveLength(1);
            await other.close();
            await scene.untilAlone();
          }
        }));
  });
  it.each([
    ['-1', deliver(toExport(-1), [], 1, object(2))],
    ['2^70', deliver(toExport(2n ** 70n), [], 1, object(2))],
    ['999, which nobody waits for', deliver(toExport(999), [])],
    ['answer 999, which nobody waits for', deliver(toAnswer(999), [])],
  ])('case 9: a message to export %s ends its session', (_what, frame) =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.send(frame);
      await scene.endOf(mallory);
    }),
  );
  it('case 9: messages to export 0, to that of another session and to a freed one break', () =>
    scene.suffer(async () => {
      const [mallory, other] = [await scene.guest(), await scene.guest()];
      other.send(deliver(toAnswer(0), [sym('make')], 1, object(2)));
      const [, made] = await other.told(2);
      const position = made instanceof SyrupRecord ? made.fields[0] : undefined;
      mallory.send(deliver(toExport(0), [sym('echo'), 1], 10, object(10)));
      mallory.send(deliver(toExport(position), [sym('echo'), 1], 11, object(11)));
      mallory.send(record('op:gc-exports', [1], [1]));
      mallory.send(deliver(toExport(1), [sym('echo'), 1], 12, object(12)));
      for (const resolver of [10, 11, 12]) expect((await mallory.told(resolver))[0]).toBe('break');
      for (const each of [mallory, other]) {
        each.send(deliver(toAnswer(0), [sym('echo'), 7], 13, object(13)));
        expect(await each.told(13)).toEqual(['fulfill', 7]);
        each.hangUp();
      }
    }));
  it.each([
    ['0', [1], [0]],
    ['-5', [1], [-5]],
    ['2, where 1 was given', [1], [2]],
    ['2^70', [1], [2n ** 70n]],
    ['1 of what never was', [999], [1]],
  ])('case 10: %s mentions that are given back end their session', (_what, positions, deltas) =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.send(record('op:gc-exports', positions, deltas));
      await scene.endOf(mallory);
    }),
  );
  it('case 10: mentions that are given back twice are late word, and free nothing of others', () =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.send(record('op:gc-exports', [1], [1]), record('op:gc-exports', [1], [1]));
      mallory.send(deliver(toAnswer(0), [sym('echo'), 7], 13, object(13)));
      expect(await mallory.told(13)).toEqual(['fulfill', 7]);
      await scene.client.call(scene.at);
      mallory.hangUp();
    }));
  it('case 11: a million questions that are never answered end their session at its limit, each time', () =>
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
    ));
  it('case 11: a promise that waits for itself, and one that is resolved twice', () =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      const resolverOf = async (position: number): Promise<unknown> => {
        let listen: SyrupRecord | undefined;
        await mallory.until('a listener', () => {
          listen = mallory
            .heardOf('op:listen')
            .find(({ fields: [to] }) => to instanceof SyrupRecord && to.fields[0] === position);
          return listen !== undefined;
        });
        const resolver = listen?.fields[1];
        return resolver instanceof SyrupRecord ? resolver.fields[0] : undefined;
      };
      for (const position of [20, 21]) {
        mallory.send(deliver(toAnswer(0), [sym('await'), promise(position)], position));
        mallory.send(record('op:listen', toAnswer(position), object(position + 100), false));
      }
      const cycle = await resolverOf(20);
      mallory.send(deliver(toExport(cycle), [sym('fulfill'), promise(20)]));
      expect((await mallory.told(120))[0]).toBe('break');
      const twice = await resolverOf(21);
      mallory.send(deliver(toExport(twice), [sym('fulfill'), 'first']));
      mallory.send(deliver(toExport(twice), [sym('fulfill'), 'second']));
      mallory.send(deliver(toExport(twice), [sym('break'), 'third']));
      expect(await mallory.told(121)).toEqual(['fulfill', 'first']);
      mallory.send(
        deliver(toAnswer(21), [], 30, object(130)),
        deliver(toAnswer(0), [sym('echo'), 7], 31, object(131)),
      );
      expect(await mallory.told(131)).toEqual(['fulfill', 7]);
      mallory.hangUp();
    }));
  it('case 12: 100,000 gifts that nobody fetches are as many as the limit', () =>
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
        const receiver = await scene.guest();
        const mine = nodeCrypto().keyPair();
        const get = (n: number, resolver: number) =>
          receiver.withdraw(mallory.give(idOf(n), mine.publicKey), resolver, resolver, mine);
        expect((await get(LIMITS.gifts - 1, 40))[0]).toBe('fulfill');
        // The rest was refused, also to whoever knows its name: a place is free again, and nothing lies there.
        mallory.send(
          deliver(toExport(0), [sym('deposit-gift'), idOf(7), toExport(1)], false, object(41)),
        );
        expect((await mallory.told(41))[0]).toBe('break');
        mallory.hangUp();
        receiver.hangUp();
      },
      { peakBytes: 128 * MiB },
    ));
  it('case 12: withdrawals that lie break, and the gift and their session stay', () =>
    scene.suffer(async () => {
      const [gifter, receiver, thief] = [
        await scene.guest(),
        await scene.guest(),
        await scene.guest(),
      ];
      const mine = nodeCrypto().keyPair();
      const gift = new Uint8Array(Buffer.from('a gift'));
      const give = gifter.give(gift, mine.publicKey);
      gifter.send(deliver(toExport(0), [sym('deposit-gift'), gift, toExport(1)]));
      const { sessionId, ownId: receiverId } = receiver;
      const lies: readonly (() => Promise<readonly [string, unknown]>)[] = [
        () => thief.withdraw(give, 0, 50, thief.keys),
        () => thief.withdraw(give, 0, 51, mine, { sessionId, receiverId }),
        () => receiver.withdraw(give, 0, 52, mine, { sessionId: thief.sessionId }),
        () => receiver.withdraw(give, 0, 53, thief.keys),
        () => receiver.withdraw(gifter.give(gift, mine.publicKey, {}, receiver.keys), 0, 54, mine),
      ];
      for (const lie of lies) expect((await lie())[0]).toBe('break');
      expect((await receiver.withdraw(give, 0, 60, mine))[0]).toBe('fulfill');
      gifter.send(deliver(toExport(0), [sym('deposit-gift'), gift, toExport(1)]));
      expect((await receiver.withdraw(give, 0, 61, mine))[0]).toBe('break'); // replayed
      for (const each of [gifter, receiver, thief]) {
        each.send(deliver(toAnswer(0), [sym('echo'), 7], 13, object(13)));
        expect(await each.told(13)).toEqual(['fulfill', 7]);
        each.hangUp();
      }
    }));
  it.each([
    ['a key __proto__', '{9"__proto__1+}'],
    ['a key constructor', '{11"constructor1+}'],
    ['both, nested', '{11"constructor{9"__proto__{9"prototype1+}}}'],
    ['NaN', 'D\x7f\xf8\0\0\0\0\0\0'],
    ['-0', 'D\x80\0\0\0\0\0\0\0'],
    ['the largest integer that is taken', `${'9'.repeat(LIMITS.integerDigits)}+`],
  ])('case 13: %s comes back as it went', (_what, value) =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      let raw = '';
      mallory.onBytes = (chunk) => (raw += Buffer.from(chunk).toString('latin1'));
      mallory.send(`<10'op:deliver<11'desc:answer0+>[4'echo${value}]5+<18'desc:import-object6+>>`);
      expect((await mallory.told(6))[0]).toBe('fulfill');
      expect(raw).toContain(value);
      mallory.hangUp();
    }),
  );
  it.each([
    ['a key that stands twice', '{1"a1+1"a2+}'],
    ['a text that is no UTF-8', '2"\xc3\x28'],
    ['half of a character of UTF-16', '3"\xed\xa0\x80'],
    ['an integer of one digit more', `${'9'.repeat(LIMITS.integerDigits + 1)}+`],
  ])('case 13: %s ends its session, and changes nothing', (_what, value) =>
    scene.suffer(async () => {
      const mallory = await scene.guest();
      mallory.send(deliver(toAnswer(0), [sym('keep'), 'good'], 4, object(5)));
      await mallory.told(5);
      mallory.send(`<10'op:deliver<11'desc:answer0+>[4'keep${value}]ff>`);
      await scene.endOf(mallory);
      expect(await scene.victim.kept()).toBe('good');
    }),
  );
  it.each([
    ['an abort', (mallory: Stranger) => mallory.send(record('op:abort', 'enough'))],
    ['the end of the connection', (mallory: Stranger) => mallory.hangUp()],
  ])('case 14: %s in the middle of a frame leaves nothing of it', (_what, stop) =>
    scene.suffer(
      async () => {
        for (let times = 0; times < 10; times += 1) {
          const mallory = await scene.guest();
          mallory.send(`${begun}${4 * MiB}:${'x'.repeat(MiB)}`);
          await new Promise((go) => setTimeout(go, 5));
          stop(mallory);
          mallory.hangUp();
        }
      },
      { peakBytes: 96 * MiB },
    ),
  );
  it('case 15: 1,000 sessions of four peers, each with 3 live references each way, leave nothing', () =>
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
    ));
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
