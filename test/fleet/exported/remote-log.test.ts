/** What a far end can make this one keep of how far its logs have come. */
import { Severed, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { FLEET_LIMITS, type LiveRef } from '@bellwether/fleet';
import type { LogEvent, LogPlace, LogQuery, LogStream, ServiceFacet } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeRemoteLog } from '../../../packages/fleet/src/exported/remote-log.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

/** The query with which a log is asked for again, once these places have been told. */
const askedAgain = async (places: readonly LogPlace[]): Promise<LogQuery> => {
  const bench = makeBench();
  const queries: LogQuery[] = [];
  let lose = (): void => undefined;
  const makeFacet = (): Behavior<Pick<ServiceFacet, 'follow'>> => ({
    follow: (turn, query) => {
      const { vow, answer } = turn.inlet<void>();
      turn.effect(() => {
        queries.push(query);
        lose = () => answer.broken(new Severed('the session has ended'));
      });
      return vow;
    },
  });
  const makeLive = (turn: Turn): Behavior<Pick<LiveRef, 'reachToAsk'>> => {
    const facet = turn.spawn(makeFacet) as unknown as Ref<ServiceFacet>;
    return { reachToAsk: (turn) => turn.kept(facet) };
  };
  const makeStream = (turn: Turn): Behavior<LogStream> => {
    const { vow } = turn.vow<void>();
    return { pass: (turn) => turn.kept(undefined), over: () => vow, finish: () => vow };
  };
  const log = await runIn(bench, (turn) => {
    const log = turn.spawn(makeRemoteLog, {
      place: { name: 'web', petname: 'web', origin: 'alpha' },
      remote: turn.spawn(makeLive) as unknown as Ref<LiveRef>,
      follow: { id: 'f', query: {}, stream: turn.spawn(makeStream) },
    });
    turn.send(log, 'run');
    return log;
  });
  bench.world.run();
  const events: readonly LogEvent[] = places.map((place) => ({ kind: 'place', ...place }));
  await runIn(bench, (turn) => turn.send(log, 'take', events));
  lose();
  bench.world.run();
  expect(queries).toHaveLength(2);
  return queries[1] ?? {};
};
const { logPlaceCount, logPlaceWeight } = FLEET_LIMITS;
const named = (length: number) => (_: unknown, at: number) => ({
  about: String(at).padStart(length, 'n'),
  place: at,
});

describe('the places that a member tells', () => {
  it('are as many as an aggregate may have members, and no more', async () => {
    const { after } = await askedAgain(Array.from({ length: logPlaceCount + 1 }, named(6)));
    expect(after).toHaveLength(logPlaceCount);
  });
  it('are as heavy as a question may be, and no heavier', async () => {
    const most = logPlaceWeight / 128;
    const { after } = await askedAgain(Array.from({ length: most + 1 }, named(112)));
    expect(after).toHaveLength(most);
  });
  it('are kept once each, as it was told last', async () => {
    const twice = Array.from({ length: logPlaceWeight / 128 }, named(112));
    const { after } = await askedAgain([...twice, ...twice.map((one) => ({ ...one, place: 7 }))]);
    expect(after).toHaveLength(twice.length);
    expect(after?.every(({ place }) => place === 7)).toBe(true);
  });
});
