/** Values over sessions: what an actor gets, what it gives back, and what nobody may be told. */
import { type Behavior, type Ref, World } from '@bellwether/actors';
import { decode, dialectNamed, encode, Sym, SyrupRecord } from '@bellwether/ocapn';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Dictionary, SyrupSet } from '../../../packages/ocapn/src/syrup/values.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';
import { anyValue, fromLatin1, latin1, SEED } from '../syrup/values.ts';

interface Mirror {
  echo(value: unknown): unknown;
  wrap(value: unknown, depth: number): unknown;
  kind(value: unknown): string;
  fail(): void;
  errors(): readonly unknown[];
}
const makeMirror = (): Behavior<Mirror> => ({
  echo: (_turn, value) => value,
  wrap: (_turn, value, depth) => Array.from({ length: depth }).reduce((inner) => [inner], value),
  kind: (_turn, value) => (value instanceof SyrupRecord ? 'record' : typeof value),
  fail: () => {
    throw new TypeError('/etc/bellwether/key: no such file');
  },
  errors: () => [new TypeError('/etc/bellwether/key'), new RangeError('x')],
});

let world: World;
let network: Network;
let peer: Peer;
let raw: Raw;
let peers: Peer[];
const set = async (dialect?: 'endo' | 'goblins'): Promise<void> => {
  world = new World(1);
  network = new Network(world);
  const router = dialect === undefined ? {} : { dialectOf: () => dialectNamed(dialect) };
  peer = new Peer(network, 'peer', { router });
  peers = [peer];
  peer.offer('mirror', await peer.run((turn) => turn.spawn(makeMirror)));
  raw = Raw.dial(network, peer, 'raw').greet();
  raw.say(deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('mirror'))], 0));
};
beforeEach(() => set());
afterEach(() => {
  raw.end.cut();
  leavesNothing(peers);
});

/** What comes back of one argument, as bytes; undefined: nothing does. */
const echoed = (argument: string, method = 'echo', more = ''): string | undefined => {
  const before = raw.end.other?.writes.length ?? 0;
  const call = `<10'op:deliver<11'desc:answer0+>[${method.length}'${method}${argument}${more}]f<18'desc:import-object50+>>`;
  raw.say(fromLatin1(call));
  const writes = (raw.end.other?.writes ?? []).slice(before).map(latin1).join('');
  return /\[7'fulfill([^]*)\]ff>/.exec(writes)?.[1];
};

describe('a record that means nothing here', () => {
  it.each([
    ["<3'odd1+>"],
    ["<3'oddD\x40\x34\0\0\0\0\0\0>"], // 20.0, which is 20 to JavaScript
    ["<3'oddD\x7f\xff\0\0\0\0\0\x01>"], // a NaN with something in it
    ['<3\'odd{2"aa1+1"b2+}>'], // in the order of the text
    ["<3'odd#2+1+$<5'inner{1+2+1+3+}>>"],
    ["<10'op:deliver1+>"],
    ["<3'vec<4'void><4'null><11'desc:tagged1'tD\x3f\xf0\0\0\0\0\0\0>>"],
    ["<15'ocapn-sturdyref<10'ocapn-peer3'sim1\"xf>3:abc>"],
  ])('is given back byte for byte: %j', (bytes) => {
    expect(echoed(bytes)).toBe(bytes);
    expect(echoed(bytes, 'kind')).toBe('6"record');
    expect(raw.isClosed).toBe(false);
  });
  it('is given back with living references in it', () => {
    expect(echoed("<3'odd<18'desc:import-object9+>[<5'inner1+>]>")).toBe(
      "<3'odd<11'desc:export9+>[<5'inner1+>]>",
    );
    raw.say(record('op:gc-exports', [1], [1]));
  });
  it('keeps its bytes beside references', () => {
    expect(echoed("[<18'desc:import-object9+><3'oddD\x40\x34\0\0\0\0\0\0>]")).toBe(
      "[<11'desc:export9+><3'oddD\x40\x34\0\0\0\0\0\0>]",
    );
  });
  it('is written anew where it stands deeper than it came, so that whoever reads it can', () => {
    const bytes = "<3'oddD\x40\x34\0\0\0\0\0\0>";
    expect(echoed(bytes, 'wrap', '0+')).toBe(bytes);
    expect(echoed(bytes, 'wrap', '2+')).toBe("[[<3'odd20+>]]");
    const deep = `${"<1'a".repeat(60)}{1"a1+}${'>'.repeat(60)}`;
    expect(echoed(deep)).toBe(deep);
    expect(echoed(deep, 'wrap', '5+')).toBeUndefined();
    expect(raw.told(50)).toEqual(['fulfill', expect.anything()]); // what was told before
    const [verb, reason] = [...raw.heardOf('op:deliver')].at(-1)?.fields[1] as unknown[];
    expect([verb, reason]).toEqual([sym('break'), [sym('encode'), expect.any(String)]]);
  });
  it('keeps its bytes once, however many records stand in each other', () => {
    const argument = `${"<1'a".repeat(60)}1000000:${'x'.repeat(1_000_000)}{}${'>'.repeat(60)}`;
    const before = process.memoryUsage().arrayBuffers;
    expect(echoed(argument)?.length).toBe(argument.length);
    // Kept by every one of them it would be 60 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
  });
  it('counts with all its values for the limit of a record', async () => {
    const many = `<3'odd${'1+'.repeat(200_000)}{}>`;
    expect(echoed(`[${many}]`)).toBe(`[${many}]`);
    expect(echoed(`[${many}]`, 'wrap', '0+')?.length).toBe(many.length + 2);
    raw.say(deliver(toAnswer(0), [sym('echo'), 'alive'], false, object(60)));
    expect(raw.told(60)).toEqual(['fulfill', 'alive']);
  });
});

describe('a value', () => {
  it('of any kind comes back as it was sent, through two sessions', async () => {
    const other = new Peer(network, 'other');
    peers.push(other);
    const mirror = (await other.run(() =>
      other.router.enliven<Mirror>(peer.sturdyref('mirror')),
    )) as Ref<Mirror>;
    await fc.assert(
      fc.asyncProperty(anyValue, async (value) => {
        const back = await other.run((turn) => turn.send(mirror, 'echo', [value]));
        expect(latin1(encode(back))).toBe(latin1(encode([value])));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
  it.each([
    ['a set', '#1+2+$'],
    ['a set within a set', '##1+$$'],
    ['a dictionary with a symbol as key', "{1'a1+}"],
    ['an integer of 1,300 digits', `${'9'.repeat(1_300)}+`],
    ['a negative one', `${'9'.repeat(40)}-`],
    ['-0', 'D\x80\0\0\0\0\0\0\0'],
    ['nothing', "<4'void>"],
    ['null', "<4'null>"],
  ])('%s comes back as the same bytes', (_what, bytes) => {
    expect(echoed(bytes)).toBe(bytes);
    expect(decode(fromLatin1(bytes))).not.toBeInstanceOf(SyrupRecord);
  });
  it('that is a set or a dictionary is one for the actor', async () => {
    const heard: unknown[] = [];
    const ear = await peer.run((turn) =>
      turn.spawn((): Behavior<{ hear(what: unknown): void }> => ({
        hear: (turn, what) => turn.effect(() => heard.push(what)),
      })),
    );
    peer.offer('ear', ear);
    raw.say(
      deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('ear'))], 1),
      deliver(toAnswer(1), [sym('hear'), new SyrupSet([1, 2])]),
      deliver(toAnswer(1), [sym('hear'), new Dictionary([[1, 'a']])]),
      deliver(toAnswer(1), [sym('hear'), 2n ** 100n]),
    );
    expect(heard).toEqual([new SyrupSet([1, 2]), new Dictionary([[1, 'a']]), 2n ** 100n]);
  });
});

describe('a fault', () => {
  /** All that was written to the peer. */
  const said = (): string => (raw.end.other?.writes ?? []).map(latin1).join('');
  it('reaches the peer as an id, under which the log has what it was', () => {
    raw.say(deliver(toAnswer(0), [sym('fail')], false, object(60)));
    const [verb, reason] = raw.told(60) ?? [];
    expect([verb, reason]).toEqual([
      'break',
      [sym('error'), expect.stringMatching(/^internal error/)],
    ]);
    const id = String((reason as unknown[])[1]).slice(-8);
    expect(peer.logs).toContainEqual({
      event: 'captp.fault-hidden',
      fields: { fault: id, name: 'TypeError', message: '/etc/bellwether/key: no such file' },
    });
    expect(said()).not.toContain('/etc/bellwether');
  });
  it('that is a value among others says no more than one that breaks', () => {
    raw.say(deliver(toAnswer(0), [sym('errors')], false, object(60)));
    const hidden = [sym('error'), expect.stringMatching(/^internal error [0-9a-f]{8}$/)];
    expect(raw.told(60)).toEqual(['fulfill', [hidden, hidden]]);
    expect(said()).not.toContain('/etc/bellwether');
    expect(peer.logs.filter(({ event }) => event === 'captp.fault-hidden')).toHaveLength(2);
  });
});

describe('a dialect', () => {
  it('is what the router says that this peer speaks, from the first answer on', async () => {
    await set('goblins');
    expect(echoed("<11'desc:tagged1't5+>")).toBe("<11'user-record1't5+>");
    expect(echoed("<4'null>")).toBeUndefined();
    const [verb, reason] = [...raw.heardOf('op:deliver')].at(-1)?.fields[1] as unknown[];
    expect([verb, reason]).toEqual([sym('break'), [sym('encode'), expect.any(String)]]);
    expect(echoed('1+')).toBe('1+');
  });
  it('is asked for by who the peer is', async () => {
    const asked: unknown[] = [];
    const dialectOf = (to: unknown) => (asked.push(to), dialectNamed('endo'));
    const careful = new Peer(network, 'careful', { router: { dialectOf } });
    peers.push(careful);
    const mirror = (await careful.run(() =>
      careful.router.enliven<Mirror>(peer.sturdyref('mirror')),
    )) as Ref<Mirror>;
    const tagged = new SyrupRecord(new Sym('user-record'), ['t', 1]);
    const back = await careful.run((turn) => turn.send(mirror, 'echo', tagged));
    expect(latin1(encode(back))).toBe("<11'desc:tagged1't1+>");
    expect(asked[0]).toMatchObject({ designator: 'peer' });
    Raw.dial(network, careful, 'nobody', false).greet().end.cut();
    expect(asked).toContain(undefined);
  });
});
