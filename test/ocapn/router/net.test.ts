/** What an operator sees of a router: the same session at both ends, what is counted, how each connection stands. */
import { EventRing, type Ref, type VatEvent, World } from '@bellwether/actors';
import {
  DialFailures,
  type LinkFacts,
  type Limits,
  netFacts,
  Sturdyref,
  tapSession,
  type TracedMessage,
  WireTrace,
} from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';

let world: World;
let network: Network;
let a: Peer;
let b: Peer;
let atB: Sturdyref;
let peers: Peer[];
/** Of the dials of a: it remembers two peers. */
let failures: DialFailures;
const ring = () => ({ events: new EventRing(256) });

const join = async (limits: Partial<Limits> = {}, options: NetworkOptions = {}): Promise<void> => {
  world = new World(3);
  network = new Network(world, options);
  failures = new DialFailures(world.clock(), 2);
  a = new Peer(network, 'a', { router: { limits, dialLog: failures }, vat: ring() });
  b = new Peer(network, 'b', { router: { limits }, vat: ring() });
  peers = [a, b];
  atB = b.offer('desk', await b.run((turn) => turn.spawn(makeDesk)));
};
beforeEach(() => join());
afterEach(() => leavesNothing(peers));
/** As daemons look after their sessions. Whoever asks for that closes both routers: the world has no rest before. */
const watched = (): Promise<void> => {
  const { idleMs, pingMs, doubtMs, writeMs } = LIMITS;
  return join({ idleMs, pingMs, doubtMs, writeMs });
};
const closeAll = (): void => {
  for (const { router } of peers) router.close();
};

const reach = (): Promise<Ref<Desk>> =>
  a.run((turn) => turn.when(a.router.enliven<Desk>(atB), (_turn, ref) => ref));
const netOf = (peer: Peer) => netFacts(peer.router.inside);
const linksOf = (peer: Peer): readonly LinkFacts[] => netOf(peer).links;
const linkOf = (peer: Peer): LinkFacts => {
  const [link, ...others] = linksOf(peer);
  if (link === undefined || others.length > 0) throw new Error('expected one connection');
  return link;
};

describe('both ends of a session', () => {
  it('have the same name for it, and count the same messages and bytes', async () => {
    const desk = await reach();
    await a.run((turn) => turn.send(desk, 'hear', 1));
    world.runFor(10);
    const [dialled, accepted] = [linkOf(a), linkOf(b)];
    expect(dialled.session).toMatch(/^s-[a-z2-7]{8}$/);
    expect(accepted.session).toBe(dialled.session);
    expect([dialled.direction, accepted.direction]).toEqual(['dialled', 'accepted']);
    expect([dialled.peer?.designator, accepted.peer?.designator]).toEqual(['b', 'a']);
    expect([dialled.identity, accepted.identity]).toEqual(['proved', 'proved']);
    expect(dialled.sentCount).toBeGreaterThan(2);
    expect([accepted.gotCount, accepted.sentCount]).toEqual([dialled.sentCount, dialled.gotCount]);
    expect([accepted.gotBytes, accepted.sentBytes]).toEqual([dialled.sentBytes, dialled.gotBytes]);
    expect(dialled.state).toBe('open');
  });
  it('have another name for the session that follows', async () => {
    await reach();
    const before = linkOf(a).session;
    network.lines[0]?.cut();
    world.runFor(10);
    await reach();
    expect(linkOf(a).session).not.toBe(before);
    expect(linkOf(a).number).toBe(2);
  });
});

describe('a link', () => {
  it('has no name and no peer before a hello, and says whom we dial', () => {
    void a.router.enliven(atB);
    while (network.lines.length === 0) world.step();
    expect(linkOf(a)).toMatchObject({ state: 'greeting', peer: { designator: 'b' } });
    expect(linkOf(a).session).toBeUndefined();
    expect(netOf(a).dials).toMatchObject([
      { peer: { designator: 'b' }, state: 'greeting', attemptCount: 1, waiterCount: 1 },
    ]);
  });
  it('of whom nothing is proved is anonymous', async () => {
    const nobody = new Peer(network, 'c', { dials: 'anonymous' });
    peers.push(nobody);
    await nobody.run((turn) => turn.when(nobody.router.enliven(atB), () => undefined));
    expect(linkOf(b).peer).toBeUndefined();
    expect(linkOf(b).identity).toBeUndefined();
    expect(linkOf(b).isKnown).toBe(true);
  });
  it('tells for how long its oldest question is open, and how long nothing has come', async () => {
    await watched();
    const desk = await reach();
    void a.vat.run((turn) => turn.send(desk, 'wait')).catch(() => undefined);
    world.runFor(60_000);
    const link = linkOf(a);
    expect(link.tables.questions).toBe(1);
    expect(link.oldestQuestionMs).toBeGreaterThan(55_000);
    expect(link.oldestQuestionMs).toBeLessThan(65_000);
    expect(link.silentMs).toBeGreaterThan(50_000);
    expect(link.ageMs).toBeGreaterThanOrEqual(60_000);
    closeAll();
  });
  it('is silent while an answer to a ping is missing', async () => {
    await watched();
    await reach();
    network.lines[0]?.lose();
    world.runFor(LIMITS.idleMs + 8_000);
    expect(linkOf(a).state).toBe('silent');
    closeAll();
  });
  it('that a restarted peer has replaced is draining, and the other leads', async () => {
    await reach();
    // A power cut: b is back, and knows nothing of the session.
    network.lines[0]?.lose();
    const again = new Peer(network, 'b');
    peers = [a, again];
    const atA = a.offer('desk', await a.run((turn) => turn.spawn(makeDesk)));
    await again.run((turn) => turn.when(again.router.enliven(atA), () => undefined));
    expect(linksOf(a).map(({ state }) => state)).toEqual(['draining', 'open']);
    b.router.close();
  });
});

describe('dials', () => {
  it('that failed are told with their reason and count until there is a session', async () => {
    const late = { transport: 'sim', designator: 'late', hints: {} };
    const toLate = new Sturdyref(late, new Uint8Array(Buffer.from('desk')));
    for (let n = 0; n < 2; n += 1)
      await expect(a.run((turn) => turn.when(a.router.enliven(toLate), () => 0))).rejects.toThrow();
    const [failure] = failures.list();
    expect(failure).toMatchObject({ peer: late, count: 2 });
    expect(failure?.reason).toContain('cannot reach late.sim');
    const here = new Peer(network, 'late');
    peers.push(here);
    here.offer('desk', await here.run((turn) => turn.spawn(makeDesk)));
    await a.run((turn) => turn.when(a.router.enliven(toLate), () => 0));
    expect(failures.list()).toEqual([]);
  });
  it('are forgotten beyond the limit, those first that failed longest ago', async () => {
    for (const designator of ['x', 'y', 'z']) {
      const ref = new Sturdyref({ transport: 'sim', designator, hints: {} }, new Uint8Array(1));
      await a.run((turn) => turn.when(a.router.enliven(ref), () => 0)).catch(() => undefined);
      if (designator === 'y') expect(failures.list()).toHaveLength(2);
    }
    expect(failures.list().map(({ peer }) => peer.designator)).toEqual(['y', 'z']);
  });
  it('of peers that others had us dial are forgotten first, and push out none of ours', () => {
    const known = new DialFailures(world.clock(), 2);
    const named = (): readonly string[] => known.list().map(({ peer }) => peer.designator);
    const fail = (designator: string, isOurs: boolean): void =>
      known.failed({ transport: 'sim', designator, hints: {} }, 'gone', isOurs);
    fail('ours', true);
    for (const other of ['1', '2', '3']) fail(other, false);
    expect(named()).toEqual(['ours', '3']);
    fail('ours', false); // others name it, too
    fail('4', false);
    expect(named()).toEqual(['ours', '4']);
    fail('4', true);
    fail('5', false);
    expect(named()).toEqual(['ours', '4']);
    fail('6', true);
    expect(named()).toEqual(['4', '6']);
  });
});

describe('a tap', () => {
  const listen = (peer: Peer, told: TracedMessage[], ended: () => void = () => undefined) =>
    tapSession(
      peer.router.inside,
      linkOf(peer).session ?? '',
      new WireTrace('plain', (message) => void told.push(message), ended),
    ).stop;
  it('at either end hears the same messages with the same numbers, from then on', async () => {
    const desk = await reach();
    const [here, there]: [TracedMessage[], TracedMessage[]] = [[], []];
    const stops = [listen(a, here), listen(b, there)];
    await a.run((turn) => turn.send(desk, 'echo', 'hunter2'));
    world.runFor(10);
    for (const stop of stops) stop();
    await a.run((turn) => turn.send(desk, 'hear', 2));
    const turned = there.map((each) => ({ ...each, way: each.way === 'got' ? 'sent' : 'got' }));
    expect(here).toEqual(turned);
    expect(here[0]).toMatchObject({
      way: 'sent',
      number: 3,
      op: 'deliver',
      method: 'echo',
      args: '[string(7)]',
    });
    expect(JSON.stringify([here, there])).not.toContain('hunter2');
    expect(here.every(({ byteCount }) => byteCount > 0)).toBe(true);
  });
  it('is one at a time, and none where there is no such session', async () => {
    await reach();
    const stop = listen(a, []);
    expect(() => listen(a, [])).toThrow('listens in on');
    stop();
    listen(a, [])();
    const trace = new WireTrace(
      'plain',
      () => undefined,
      () => undefined,
    );
    for (const name of ['s-aaaaaaaa', ''])
      expect(() => tapSession(a.router.inside, name, trace)).toThrow('there is no session');
  });
  it('is told the end of its session, once', async () => {
    await reach();
    let endCount = 0;
    listen(a, [], () => (endCount += 1));
    network.lines[0]?.cut();
    world.runFor(10);
    expect(endCount).toBe(1);
  });
  it('changes nothing of what is sent', async () => {
    const desk = await reach();
    const stop = listen(a, []);
    const told = await a.run((turn) =>
      turn.all([1, 2, 3].map((each) => turn.send(desk, 'hear', each))),
    );
    expect(told.map((each) => each.kept && each.value)).toEqual([1, 2, 3]);
    stop();
  });
});

describe('the event rings of two vats', () => {
  const crossings = (peer: Peer, kind: 'got' | 'sent') =>
    peer.vat.events().flatMap((event) => (event.kind === kind ? [event] : []));
  const turnOf = (peer: Peer, isIt: (event: VatEvent & { kind: 'turn' }) => boolean) =>
    peer.vat.events().flatMap((each) => (each.kind === 'turn' && isIt(each) ? [each] : []));
  it('link what one has sent to the turn that it became at the other, and the answer back', async () => {
    const desk = await reach();
    await a.run((turn) => turn.when(turn.send(desk, 'hear', 7), () => undefined));
    const line = linkOf(a).session;
    const sent = crossings(a, 'sent').find(({ what }) => what === 'hear');
    const got = crossings(b, 'got').find(({ what }) => what === 'hear');
    expect([sent?.line, got?.line]).toEqual([line, line]);
    expect(got?.number).toBe(sent?.number);
    // The turn at b names the arrival as its cause; that at a which sent it is the cause there.
    const [heard] = turnOf(b, ({ cause }) => cause === -(got?.arrival ?? 0));
    expect(heard?.what).toBe('^desk.hear');
    expect(turnOf(a, ({ turn }) => turn === sent?.cause)).toHaveLength(1);
    // And back.
    const answered = crossings(b, 'sent')
      .filter(({ what }) => what === 'fulfill')
      .at(-1);
    expect(answered?.cause).toBe(heard?.turn);
    const back = crossings(a, 'got').find(({ number }) => number === answered?.number);
    expect(back).toMatchObject({ line, what: 'fulfill' });
    const [woken] = turnOf(a, (turn) => turn.woken === -(back?.arrival ?? 0));
    expect(woken).toMatchObject({ what: '^outside.when', cause: sent?.cause });
  });
  it('take for caused by a message only what it does', async () => {
    const desk = await reach();
    const own = await b.run((turn) => turn.spawn(makeDesk));
    void a.vat.run((turn) => turn.send(desk, 'hear', 1));
    while (!crossings(b, 'got').some(({ what }) => what === 'hear')) world.step();
    b.vat.post(own, 'echo', []);
    world.runFor(20);
    const [echoed] = turnOf(b, ({ what }) => what === '^desk.echo');
    expect(echoed?.cause).toBe(0);
  });
  it.each(['proved', 'believed'] as const)(
    'keep what whoever is apart did while one session floods, where peers are %s',
    async (how) => {
      await join({}, { believesClaims: how === 'believed' });
      const own = await b.run((turn) => turn.spawn(makeDesk));
      b.vat.post(own, 'echo', []);
      const desk = await reach();
      const flood = 4 * LIMITS.flowMessages;
      await a.run((turn) => {
        for (let count = 0; count < flood; count += 1) turn.tell(desk, 'hear', count);
      });
      world.runFor(1_000);
      expect(turnOf(b, ({ what }) => what === '^desk.hear').length).toBeGreaterThan(100);
      expect(b.vat.events()).toHaveLength(256);
      // Only the owner can connect to a private socket, where claims are believed: that is his flood.
      const echoed = turnOf(b, ({ what }) => what === '^desk.echo');
      expect(echoed).toHaveLength(how === 'proved' ? 1 : 0);
    },
  );
  it('have nothing of a method name that is longer than any of ours', async () => {
    const desk = await reach();
    const name = 'x'.repeat(300);
    await a.run((turn) => turn.forward(desk, name, [])).catch(() => undefined);
    world.runFor(20);
    expect(JSON.stringify(b.vat.events())).not.toContain('xxx');
    expect(crossings(b, 'got').map(({ what }) => what)).toContain('…');
  });
});
