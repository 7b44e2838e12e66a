/** What a far end can make this one keep: of how far its logs have come, and of what nobody has read yet. */
import { Severed, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { FLEET_LIMITS, type LiveRef } from '@bellwether/fleet';
import {
  limits,
  type LogEvent,
  type LogPlace,
  type LogQuery,
  type LogStream,
  type ServiceFacet,
} from '@bellwether/shepherd';
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
const { followBatchCount } = limits;
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

/** A far end that sends what it may on each session, and a reader of which a test says when it reads. */
const slowlyRead = async () => {
  const bench = makeBench();
  let sessionCount = 0;
  let lose = (): void => undefined;
  const waiting: { readonly events: readonly LogEvent[]; readonly sent: () => void }[] = [];
  const told: LogEvent[] = [];
  const makeFacet = (): Behavior<Pick<ServiceFacet, 'follow'>> => ({
    follow: (turn, _query, follower) => {
      const { vow, answer } = turn.inlet<void>();
      const at = sessionCount;
      turn.effect(() => {
        sessionCount += 1;
        lose = () => answer.broken(new Severed('the session has ended'));
      });
      for (let sequence = 0; sequence < followBatchCount; sequence += 1) {
        const text = `${at}.${sequence}`;
        turn.tell(follower, 'lines', [{ kind: 'line', from: 'far', text }], sequence);
      }
      return vow;
    },
  });
  const makeLive = (turn: Turn): Behavior<Pick<LiveRef, 'reachToAsk'>> => {
    const facet = turn.spawn(makeFacet) as unknown as Ref<ServiceFacet>;
    return { reachToAsk: (turn) => turn.kept(facet) };
  };
  const makeStream = (turn: Turn): Behavior<LogStream> => {
    const { vow } = turn.vow<void>();
    return {
      pass: (turn, events) => {
        const { vow, answer } = turn.inlet<void>();
        turn.effect(() => waiting.push({ events, sent: () => answer.kept(undefined) }));
        return vow;
      },
      over: () => vow,
      finish: () => vow,
    };
  };
  await runIn(bench, (turn) => {
    const log = turn.spawn(makeRemoteLog, {
      place: { name: 'web', petname: 'web', origin: 'alpha' },
      remote: turn.spawn(makeLive) as unknown as Ref<LiveRef>,
      follow: { id: 'f', query: {}, stream: turn.spawn(makeStream) },
    });
    turn.send(log, 'run');
  });
  return {
    told,
    waitingCount: () => waiting.length,
    sessionCount: () => sessionCount,
    /** Its session ends, and there is time for another. */
    flap: () => {
      lose();
      bench.world.runFor(10_000);
    },
    /** All that waits is read, and what comes then. */
    readAll: () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        told.push(...next.events);
        next.sent();
      }
      bench.world.runFor(10_000);
    },
  };
};

describe('a machine that comes and goes', () => {
  it('has no more wait for a slow reader than one that stays, and a note', async () => {
    const log = await slowlyRead();
    for (let at = 0; at < 20; at += 1) log.flap();
    expect(log.waitingCount()).toBe(followBatchCount + 1);
    expect(log.sessionCount()).toBe(1);
  });
  it('is followed again once that was read, and nothing of it is lost', async () => {
    const log = await slowlyRead();
    for (let at = 0; at < 3; at += 1) {
      log.flap();
      log.readAll();
    }
    log.readAll();
    const texts = log.told.flatMap((event) => (event.kind === 'line' ? [event.text] : []));
    const all = [0, 1, 2, 3].flatMap((session) =>
      Array.from({ length: followBatchCount }, (_, sequence) => `${session}.${sequence}`),
    );
    expect(texts).toEqual(all);
    const notes = log.told.flatMap((event) => (event.kind === 'note' ? [event.what] : []));
    expect(notes).toEqual(['lost', 'back', 'lost', 'back', 'lost', 'back']);
  });
});
