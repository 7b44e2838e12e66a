/** What the owners of two machines see of the session between them. */
import type { Behavior, Turn, Vow } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  type NetEvent,
  type NetPage,
  type TraceEnd,
  type TraceLine,
  type Tracer,
} from '@bellwether/fleet';
import { parseUri, type Sturdyref } from '@bellwether/ocapn';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FleetNode } from '../../support/fleet-node.ts';
import { JoinPlace } from '../../support/fleet-joins.ts';
import type { Asked } from '../../support/shepherd-machine.ts';

let place: JoinPlace;
beforeEach(() => {
  place = new JoinPlace(1);
  place.join(place.invite());
  place.run(3_000);
});

const netOf = (node: FleetNode): NetPage =>
  place.settled(place.operator.ask(node, (turn, root) => turn.send(root, 'netLinks')));
const eventsOf = (node: FleetNode): readonly NetEvent[] =>
  place.settled(
    place.operator.ask(node, (turn, root) =>
      turn.send(root, 'netEvents', FLEET_LIMITS.netEventCount),
    ),
  );
const start = (node: FleetNode, member: string) =>
  place.operator.herd(node, 'start', member, { operation: `op-${member.replace('@', '-')}` });
/** The session between the two, as one of them sees it. */
const betweenAt = (node: FleetNode) => {
  const [link, ...more] = netOf(node).links.filter(({ peer }) => peer.node ?? peer.controller);
  if (link === undefined || more.length > 0) throw new Error('expected one session');
  return link;
};

interface Ear {
  readonly batches: TraceLine[][];
  readonly asked: Asked<TraceEnd>;
  /** Lets the tracer answer what it was told. */
  answers: boolean;
  stop(): void;
}
const makeTracer = (turn: Turn<Tracer>, _bcom: unknown, ear: Ear): Behavior<Tracer> => {
  const { vow, resolver } = turn.vow<void>();
  const never = turn.vow<void>().vow;
  const count = turn.cell(0);
  ear.stop = () => resolver.kept(undefined);
  return {
    traced: (turn, lines, sequence): Vow<void> => {
      expect(sequence).toBe(count.get());
      count.set(sequence + 1);
      turn.effect(() => void ear.batches.push([...lines]));
      return ear.answers ? turn.kept(undefined) : never;
    },
    over: () => vow,
  };
};
const trace = (node: FleetNode, session: string, forMs = 30_000, answers = true): Ear => {
  const ear = { batches: [], answers, stop: () => undefined } as unknown as Ear;
  const asked = place.operator.ask(node, (turn, root) =>
    turn.send(root, 'netTrace', session, { forMs, detail: 'plain' }, turn.spawn(makeTracer, ear)),
  );
  place.run(100);
  return Object.assign(ear, { asked });
};
const linesOf = ({ batches }: Ear): readonly TraceLine[] => batches.flat();

describe('a session between a controller and a machine', () => {
  it('has one name at both, and each says who the other is', () => {
    const there = betweenAt(place.controller);
    const here = betweenAt(place.node());
    expect(there.session).toMatch(/^s-[a-z2-7]{8}$/);
    expect(here.session).toBe(there.session);
    expect(there.peer).toMatchObject({ key: 'N', node: 'web-07' });
    expect(here.peer).toMatchObject({ key: 'C', controller: 'C' });
    expect(new Set([there.direction, here.direction])).toEqual(new Set(['dialled', 'accepted']));
    expect([there.isKnown, here.isKnown]).toEqual([true, true]);
  });
  it('counts its messages alike at both ends', () => {
    const there = betweenAt(place.controller);
    const here = betweenAt(place.node());
    expect([here.gotCount, here.gotBytes]).toEqual([there.sentCount, there.sentBytes]);
    expect(here.sentCount).toBeGreaterThan(1);
  });
  it('is found in the events of both, by the same words', () => {
    place.settled(start(place.controller, 'web@web-07'));
    const { session } = betweenAt(place.controller);
    const linksAt = (node: FleetNode, kind: 'got' | 'sent') =>
      eventsOf(node).flatMap((event) =>
        event.kind === kind && event.session === session && event.what === 'perform' ? [event] : [],
      );
    const [sent] = linksAt(place.controller, 'sent');
    const [got] = linksAt(place.node(), 'got');
    expect(sent?.link).toMatch(/^s-[a-z2-7]{8}\/[da]\d+$/);
    expect(got?.link).toBe(sent?.link);
    expect(got?.from).toBe(sent?.from);
    const turnAt = (node: FleetNode, isIt: (event: NetEvent & { kind: 'turn' }) => boolean) =>
      eventsOf(node).find((event) => event.kind === 'turn' && isIt(event));
    expect(turnAt(place.controller, ({ turn }) => turn === sent?.cause.turn)).toMatchObject({
      what: expect.stringContaining('^') as unknown,
    });
    expect(turnAt(place.node(), ({ cause }) => cause.message === got?.link)).toMatchObject({
      what: expect.stringContaining('.perform') as unknown,
    });
  });
  it('says of whom nothing is proved that it is nobody', () => {
    const others = netOf(place.node()).links.filter(({ peer }) => peer.controller === undefined);
    expect(others).toMatchObject([{ peer: {}, direction: 'accepted', isKnown: true }]);
    expect(others[0]?.peer).toEqual({});
  });
});

describe('whoever has a reference to a service, and not to the shepherd,', () => {
  it('sees nothing of its network', () => {
    const uri = place.settled(
      place.operator.ask(place.node(), (turn, root) => turn.send(root, 'mint', 'web')),
    );
    for (const [method, ...args] of [
      ['net-links'],
      ['net-events', 1],
      ['net-trace', betweenAt(place.node()).session, { forMs: 1, detail: 'plain' }],
    ]) {
      const asked = place.operator.askAt(parseUri(uri) as Sturdyref, (turn, facet) =>
        turn.forward(facet, String(method), args),
      );
      expect(() => place.settled(asked)).toThrow(`has no method "${String(method)}"`);
    }
  });
});

describe('a peer that is away', () => {
  it('is dialled again and again, which is told with its back-off and the last error', () => {
    place.controller.crash();
    place.run(8_000);
    const dials = netOf(place.node()).dials;
    expect(dials).toHaveLength(1);
    expect(dials[0]).toMatchObject({ peer: { key: 'C', controller: 'C' } });
    expect(dials[0]?.failureCount).toBeGreaterThan(1);
    expect(dials[0]?.error).toContain('cannot reach C.memory');
    expect(dials[0]?.errorAgoMs).toBeLessThan(8_000);
    if (dials[0]?.state === 'waiting') expect(dials[0].nextMs).toBeGreaterThanOrEqual(0);
    place.controller.boot();
    place.run(40_000);
    expect(netOf(place.node()).dials).toEqual([]);
  });
});

describe('a trace', () => {
  it('tells what a command is made of, and nothing that stands in it', () => {
    const { session = '' } = betweenAt(place.controller);
    const ear = trace(place.controller, session);
    place.settled(start(place.controller, 'web@web-07'));
    place.run(1_000);
    const perform = linesOf(ear).find(({ method }) => method === 'perform');
    expect(perform).toMatchObject({ way: 'sent', op: 'deliver', to: expect.anything() as unknown });
    expect(perform?.args).toMatch(/^\[struct\(\d+\) import-object \d+\]$/);
    expect(perform?.link.startsWith(`${session}/`)).toBe(true);
    expect(JSON.stringify(ear.batches)).not.toContain('web@web-07');
    place.run(30_000);
    expect(place.settled(ear.asked)).toMatchObject({ why: 'time', droppedCount: 0 });
    const count = linesOf(ear).length;
    place.settled(start(place.controller, 'networking@web-07'));
    place.run(1_000);
    expect(linesOf(ear)).toHaveLength(count);
  });
  it('is refused where it is traced already, or is none', () => {
    const { session = '' } = betweenAt(place.controller);
    const first = trace(place.controller, session);
    const second = trace(place.controller, session);
    expect(() => place.settled(second.asked)).toThrow('somebody listens in on');
    expect(() => place.settled(trace(place.controller, 's-aaaaaaaa').asked)).toThrow('no session');
    expect(first.asked.error).toBeUndefined();
  });
  it('ends with its session, and is told so', () => {
    const { session = '' } = betweenAt(place.controller);
    const ear = trace(place.controller, session);
    place.node().crash();
    expect(place.settled(ear.asked)).toMatchObject({ why: 'ended' });
  });
  it('of somebody who reads nothing is told in so many batches, and the rest is counted', () => {
    const { session = '' } = betweenAt(place.controller);
    const all = (): number => {
      const { gotCount, sentCount } = betweenAt(place.controller);
      return gotCount + sentCount;
    };
    const before = all();
    const ear = trace(place.controller, session, FLEET_LIMITS.traceMs, false);
    place.run(FLEET_LIMITS.traceMs - 10_000);
    expect(ear.batches.length).toBe(FLEET_LIMITS.traceUnansweredCount);
    place.run(20_000);
    const { why, messageCount, droppedCount } = place.settled(ear.asked);
    expect([why, messageCount]).toEqual(['time', linesOf(ear).length]);
    expect(droppedCount).toBeGreaterThan(100);
    expect(messageCount + droppedCount).toBeLessThanOrEqual(all() - before);
  });
});
