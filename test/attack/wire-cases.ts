/** The cases of wire.test.ts, on one road. */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { encode, LIMITS, SyrupRecord } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { Client } from '../support/attack-client.ts';
import type { Road } from '../support/attack-roads.ts';
import { sceneOn } from '../support/attack-scene.ts';
import { Stranger } from '../support/attack-stranger.ts';
import { ZOO } from '../support/attack-victim.ts';
import { deliver, object, promise, record, sym, toAnswer, toExport } from '../support/ocapn-raw.ts';

const MiB = 1024 * 1024;

/** Defines them in the block in which it is called. */
export const wireCases = (road: Road): void => {
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
};
