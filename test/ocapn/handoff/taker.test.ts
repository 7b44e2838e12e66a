/** A receiver, and gifters and exporters that write their own bytes. */
import { World } from '@bellwether/actors';
import { isRecord, type Limits, type RouterPowers, type SyrupRecord, Sym } from '@bellwether/ocapn';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Raw as RawBytes } from '../../../packages/ocapn/src/syrup/values.ts';
import { envelopeOf, placeOf, RawParty } from '../../support/ocapn-handoffs.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toExport } from '../../support/ocapn-raw.ts';

let world: World;
let network: Network;
let receiver: Peer;
let parties: RawParty[] = [];
afterEach(() => {
  for (const { raw } of parties) if (!raw.isClosed) raw.end.cut();
  parties = [];
  leavesNothing([receiver]);
});

const GIFT = new Uint8Array(Buffer.from('a gift'));
const start = async (
  limits: Partial<Limits> = {},
  powers: Partial<RouterPowers> = {},
): Promise<{ gifter: RawParty; desk: unknown }> => {
  world = new World(5);
  network = new Network(world);
  receiver = new Peer(network, 'receiver', { router: { ...powers, limits } });
  receiver.offer('desk', await receiver.run((turn) => turn.spawn(makeDesk)));
  const gifter = RawParty.dial(network, receiver, 'gifter');
  parties.push(gifter);
  return { gifter, desk: gifter.fetch('desk', 1) };
};
/** Has whoever dials `name` find a peer that writes its own bytes, whose connections so far come back. */
const rawExporter = (name: string): RawParty[] => {
  const found: RawParty[] = [];
  network.answerAs(name, (end) => {
    const raw = new Raw(network, name);
    const party = new RawParty(network, raw);
    found.push(party);
    parties.push(party);
    const handler = raw.accept(end);
    party.hello();
    return handler;
  });
  return found;
};
/** Passes a gift to the receiver's desk, which says something to it. */
const pass = (
  gifter: RawParty,
  desk: unknown,
  exporter: string,
  resolver: number,
  what = 'news',
): void => {
  const give = gifter.give(gifter.peerKey, placeOf(exporter), GIFT);
  gifter.say(deliver(toExport(desk), [sym('pass'), give, what], false, object(resolver)));
};
const withdrawals = ({ raw }: RawParty): readonly SyrupRecord[] =>
  raw.heardOf('op:deliver').filter(({ fields }) => {
    const [method] = fields[1] as readonly unknown[];
    return method instanceof Sym && method.name === 'withdraw-gift';
  });
const countOf = (withdrawal: SyrupRecord): unknown => {
  const [, envelope] = withdrawal.fields[1] as readonly SyrupRecord[];
  const receive = envelope?.fields[0];
  return isRecord(receive, 'desc:handoff-receive') ? receive.fields[2] : undefined;
};
const answer = (party: RawParty, withdrawal: SyrupRecord, verb: string, value: unknown): void => {
  const resolver = withdrawal.fields[3] as SyrupRecord;
  party.say(deliver(toExport(resolver.fields[0]), [sym(verb), value]));
};
/** What was said to the gift, wherever it was aimed at. */
const said = ({ raw }: RawParty): readonly unknown[] =>
  raw.heardOf('op:deliver').flatMap(({ fields }) => {
    const [method, what] = fields[1] as readonly unknown[];
    return method instanceof Sym && method.name === 'hear' ? [what] : [];
  });

describe('whoever is given something', () => {
  it('dials its exporter, asks for it, and says then what was to be said', async () => {
    const { gifter, desk } = await start();
    const found = rawExporter('exporter');
    pass(gifter, desk, 'exporter', 40);
    const [exporter] = found;
    if (exporter === undefined) throw new Error('not dialled');
    const [asked, ...more] = withdrawals(exporter);
    if (asked === undefined) throw new Error('not asked');
    expect([more.length, countOf(asked)]).toEqual([0, 0]);
    expect(said(exporter)).toEqual([]);
    answer(exporter, asked, 'fulfill', object(7));
    expect(said(exporter)).toEqual(['news']);
  });
  it('counts over all exporters and gifters, so that nobody hears a count twice', async () => {
    const { gifter, desk } = await start();
    const [one, two] = [rawExporter('one'), rawExporter('two')];
    for (const [at, name] of ['one', 'two', 'one'].entries()) pass(gifter, desk, name, 40 + at);
    const counts = [...one, ...two].flatMap(withdrawals).map(countOf);
    expect(counts).toEqual([0, 2, 1]);
    for (const party of [...one, ...two])
      for (const asked of withdrawals(party)) answer(party, asked, 'break', 'enough');
  });
  it('asks once more, well ahead, where Goblins breaks without a word, and sends nothing twice', async () => {
    const { gifter, desk } = await start();
    const found = rawExporter('goblin');
    pass(gifter, desk, 'goblin', 40);
    const [goblin] = found;
    const [first] = goblin === undefined ? [] : withdrawals(goblin);
    if (goblin === undefined || first === undefined) throw new Error('not asked');
    answer(goblin, first, 'break', record('exn:fail:mystery'));
    const [, second, ...more] = withdrawals(goblin);
    if (second === undefined) throw new Error('not asked again');
    expect([more.length, countOf(second)]).toEqual([0, 257]);
    answer(goblin, second, 'fulfill', object(7));
    expect(said(goblin)).toEqual(['news']);
  });
  it('asks nobody for what has something else in place of a signature, which it would have to pass on', async () => {
    const { gifter, desk } = await start();
    const found = rawExporter('exporter');
    const give = envelopeOf(gifter.give(gifter.peerKey, placeOf('exporter'), GIFT));
    let deep: unknown = [];
    for (let depth = 0; depth < 55; depth += 1) deep = [deep];
    for (const [at, odd] of [deep, new Array(100_000).fill(false), undefined].entries()) {
      const signed = record('desc:sig-envelope', new RawBytes(give.innerBytes), odd);
      gifter.say(deliver(toExport(desk), [sym('pass'), signed, 'news'], false, object(40 + at)));
      expect(gifter.raw.told(40 + at)?.[0]).toBe('break');
    }
    expect(found).toEqual([]);
  });
  it('takes a second break, and one with words at once, for an answer', async () => {
    const { gifter, desk } = await start();
    const found = rawExporter('goblin');
    pass(gifter, desk, 'goblin', 40);
    const [goblin] = found;
    if (goblin === undefined) throw new Error('not dialled');
    for (const asked of [0, 1]) {
      const withdrawal = withdrawals(goblin)[asked];
      if (withdrawal !== undefined) answer(goblin, withdrawal, 'break', record('exn:fail:mystery'));
    }
    expect(withdrawals(goblin).length).toBe(2);
    expect(gifter.raw.told(40)?.[0]).toBe('break');
    pass(gifter, desk, 'goblin', 41);
    const last = withdrawals(goblin)[2];
    if (last !== undefined) answer(goblin, last, 'break', [sym('refused'), 'no']);
    expect(withdrawals(goblin).length).toBe(3);
    expect(gifter.raw.told(41)).toEqual(['break', [sym('refused'), 'no']]);
  });
  it('hears that there is nobody, and the message that held it has arrived', async () => {
    const { gifter, desk } = await start();
    pass(gifter, desk, 'nobody', 40);
    expect(gifter.raw.told(40)?.[0]).toBe('break');
    const [code] = gifter.raw.told(40)?.[1] as readonly Sym[];
    expect(code?.name).toBe('unreachable');
    expect(gifter.raw.isClosed).toBe(false);
  });
  it('goes nowhere for a gift that is for another', async () => {
    const { gifter, desk } = await start();
    const found = rawExporter('exporter');
    const give = gifter.give(new Uint8Array(32).fill(1), placeOf('exporter'), GIFT);
    gifter.say(deliver(toExport(desk), [sym('pass'), give, 'news'], false, object(40)));
    expect([found.length, gifter.raw.told(40)?.[0]]).toEqual([0, 'break']);
  });
  it('hears of a crossing nothing: what it asked on the connection that lost is asked on the other', async () => {
    const { gifter, desk } = await start();
    const exporter = new Peer(network, 'exporter');
    exporter.offer('desk', await exporter.run((turn) => turn.spawn(makeDesk)));
    // Both dial at once, over and over, until either has lost.
    const atGifter = exporter.router.enliven<Desk>(receiver.sturdyref('desk'));
    const call = exporter.vat.run((turn) => turn.send(atGifter, 'echo', 1));
    pass(gifter, desk, 'exporter', 40);
    world.runFor(1_000);
    expect(await call).toBe(1);
    expect(gifter.raw.told(40)?.[0]).toBe('break'); // nobody has given anything there
    leavesNothing([exporter]);
  });
});

describe('what one session has us fetch', () => {
  const flood = async (
    limits: Partial<Limits>,
    names: readonly string[],
  ): Promise<readonly unknown[]> => {
    const { gifter, desk } = await start(limits);
    for (const name of new Set(names)) network.answerAs(name, () => SILENT);
    names.forEach((name, at) => pass(gifter, desk, name, 40 + at));
    const told = names.map((_, at) => (gifter.raw.told(40 + at)?.[1] as readonly Sym[])?.[0]?.name);
    world.runFor(20_000);
    expect(gifter.raw.isClosed).toBe(false);
    return told;
  };
  const SILENT = {
    bytes: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
  };
  it('is from two peers at once where two are the limit, and from the same ones any number', async () => {
    const told = await flood({ giftDials: 2 }, ['one', 'two', 'three', 'two', 'one']);
    expect(told).toEqual([undefined, undefined, 'limit', undefined, undefined]);
  });
  it('is three gifts at once where three are the limit', async () => {
    const told = await flood({ gifts: 3 }, ['one', 'one', 'one', 'one']);
    expect(told).toEqual([undefined, undefined, undefined, 'limit']);
  });
  it('is three gifts of one exporter in a minute where three are the limit', async () => {
    const { gifter, desk } = await start({ gifts: 3 });
    const codeOf = (resolver: number): unknown =>
      (gifter.raw.told(resolver)?.[1] as readonly Sym[])[0]?.name;
    for (let n = 0; n < 4; n += 1) pass(gifter, desk, 'one', 40 + n);
    pass(gifter, desk, 'two', 50);
    expect([42, 43, 50].map(codeOf)).toEqual(['unreachable', 'limit', 'unreachable']);
    world.runFor(LIMITS.giftMs);
    pass(gifter, desk, 'one', 60);
    expect(codeOf(60)).toBe('unreachable');
  });
  it('is counted out when it has come to an end', async () => {
    const { gifter, desk } = await start({ gifts: 1, giftDials: 1 });
    for (const [at, name] of ['one', 'two', 'three'].entries()) {
      pass(gifter, desk, name, 40 + at);
      const [code] = gifter.raw.told(40 + at)?.[1] as readonly Sym[];
      expect(code?.name).toBe('unreachable');
    }
  });
});

describe('a gift that nobody holds any more', () => {
  it('is given back to its exporter', async () => {
    const { gifter, desk } = await start();
    const found = rawExporter('exporter');
    pass(gifter, desk, 'exporter', 40);
    const [exporter] = found;
    const [asked] = exporter === undefined ? [] : withdrawals(exporter);
    if (exporter === undefined || asked === undefined) throw new Error('not asked');
    answer(exporter, asked, 'fulfill', object(7));
    const hear = exporter.raw.heardOf('op:deliver').at(-1);
    if (hear !== undefined) answer(exporter, hear, 'fulfill', 1);
    expect(gifter.raw.told(40)).toEqual(['fulfill', 1]);
    receiver.reaper.collectAll();
    world.runFor(2 * LIMITS.lingerMs);
    const returned = exporter.raw
      .heardOf('op:gc-exports')
      .map(({ fields }) => (fields[0] as readonly unknown[]).includes(7));
    expect(returned).toContain(true);
  });
});
