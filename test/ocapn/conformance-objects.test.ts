/** The objects of OCapN's suite, as its README describes them, asked by a peer that writes its own bytes. */
import { World } from '@bellwether/actors';
import { isRecord, type SyrupRecord, Sym } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeObjects } from '../interop/conformance/objects.ts';
import { peerValue, RawParty } from '../support/ocapn-handoffs.ts';
import { Network } from '../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toAnswer, toExport } from '../support/ocapn-raw.ts';

const BUILDER = 'JadQ0++RzsD4M+40uLxTWVaVqM10DcBJ';
const ECHO = 'IO58l1laTyhcrgDKbEzFOO32MDd6zE5w';
const GREETER = 'VMDDd1voKWarCe2GvgLbxbVFysNzRPzx';
const PROMISER = 'IokCxYmMj04nos2JN1TDoY1bT8dXh6Lr';
const ENLIVENER = 'gi02I1qghIwPiKGKleCQAOhpy3ZtYRpB';

let network: Network;
let peer: Peer;
let suite: RawParty;
let collectCount: number;
beforeEach(async () => {
  network = new Network(new World(1), { believesClaims: true });
  peer = new Peer(network, 'peer');
  collectCount = 0;
  const objects = await peer.run((turn) =>
    makeObjects(turn, {
      collect: () => void (collectCount += 1),
      enliven: (to) => peer.router.enliven(to, 'sturdyref'),
    }),
  );
  for (const [name, ref] of objects) peer.offer(name, ref);
  suite = RawParty.dial(network, peer, 'suite');
});
afterEach(() => {
  suite.raw.end.cut();
  leavesNothing([peer]);
});
const ask = (to: SyrupRecord, args: readonly unknown[], resolver: number): unknown => {
  suite.say(deliver(to, args, resolver, object(resolver)));
  return suite.raw.told(resolver);
};
const at = (name: string, resolver: number): SyrupRecord => toExport(suite.fetch(name, resolver));

describe('the objects of the conformance peer', () => {
  it('build cars, pipelined from the builder on, and refuse a specification that is none', () => {
    ask(at(BUILDER, 1), [], 2);
    ask(toAnswer(2), [[sym('red'), sym('zoomracer')]], 3);
    expect(ask(toAnswer(3), [], 4)).toEqual(['fulfill', 'Vroom! I am a red zoomracer car!']);
    for (const [spec, n] of [
      [[1, 2, 3], 5],
      [[sym('red')], 6],
      ['red', 7],
    ] as const) {
      ask(toAnswer(2), [spec], n);
      expect(ask(toAnswer(n), [], n + 10)).toEqual(['break', expect.anything()]);
    }
  });
  it('echo whatever comes, a symbol in front as well, and have garbage collected then', () => {
    const echo = at(ECHO, 1);
    expect(ask(echo, ['foo', 1, false, ['baz']], 2)).toEqual([
      'fulfill',
      ['foo', 1, false, ['baz']],
    ]);
    expect(ask(echo, [sym('foo'), sym('bar')], 3)).toEqual(['fulfill', [sym('foo'), sym('bar')]]);
    expect(collectCount).toBe(2);
  });
  it('greet whom they are shown, wait for the answer, and have garbage collected then', () => {
    suite.say(deliver(at(GREETER, 1), [object(50)]));
    const [greeting] = suite.raw
      .heardOf('op:deliver')
      .filter(({ fields }) => (fields[0] as SyrupRecord).fields[0] === 50);
    expect(greeting?.fields[1]).toEqual(['Hello']);
    expect(collectCount).toBe(0);
    const resolver = greeting?.fields[3] as SyrupRecord;
    suite.say(deliver(toExport(resolver.fields[0]), [sym('fulfill'), 'Hello']));
    expect(collectCount).toBe(1);
  });
  it.each([
    ['fulfill', sym('ok')],
    ['break', sym('oh-no')],
  ])('make promises, and %s them as their resolver is told', (verb, value) => {
    const [, pair] = ask(at(PROMISER, 1), [], 2) as [string, readonly SyrupRecord[]];
    const [vow, resolver] = pair;
    expect(isRecord(vow, 'desc:import-promise') && isRecord(resolver, 'desc:import-object')).toBe(
      true,
    );
    suite.say(record('op:listen', toExport(vow?.fields[0]), object(60), false));
    suite.say(deliver(toExport(resolver?.fields[0]), [sym(verb), value]));
    expect(suite.raw.told(60)).toEqual([verb, value]);
  });
  it('enliven a sturdyref, and hand off what it leads to', () => {
    const raw = new Raw(network, 'other');
    const other = new RawParty(network, raw);
    network.answerAs('other', (end) => {
      const handler = raw.accept(end);
      other.hello();
      return handler;
    });
    const swissnum = new Uint8Array(Buffer.from('my-object'));
    const sturdyref = record('ocapn-sturdyref', peerValue('other'), swissnum);
    suite.say(deliver(at(ENLIVENER, 1), [sturdyref], false, object(70)));
    const [fetched] = raw.heardOf('op:deliver');
    const resolver = fetched?.fields[3] as SyrupRecord;
    other.say(deliver(toExport(resolver.fields[0]), [sym('fulfill'), object(9)]));
    const [verb, gift] = suite.raw.told(70) ?? [];
    expect([verb, isRecord(gift, 'desc:sig-envelope')]).toEqual(['fulfill', true]);
    const methods = raw.heardOf('op:deliver').map(({ fields }) => (fields[1] as Sym[])[0]?.name);
    expect(methods).toEqual(['fetch', 'deposit-gift']);
    raw.end.cut();
  });
  it('take no text for a sturdyref', () => {
    expect(ask(at(ENLIVENER, 1), ['ocapn://other.sim/s/bXktb2JqZWN0'], 2)).toEqual([
      'break',
      [sym('decode'), expect.stringContaining('ocapn-sturdyref')],
    ]);
  });
});
