/** What becomes of a daemon's ref when its peer is found elsewhere. */
import { Unreachable, type Answer } from '@bellwether/actors';
import { Sturdyref, type Router, type SessionView } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { daemonRefs } from '../../../packages/herd/src/daemon/daemon-refs.ts';
import { UnknownRef } from '../../../packages/herd/src/refs/ref-store.ts';
import { noJoinStores } from '../../support/join-stores.ts';

const refAt = (host: string, designator = 'old', secret = 1): Sturdyref =>
  new Sturdyref(
    { transport: 'tcp-tls', designator, hints: { host, port: '8088' } },
    Uint8Array.of(secret),
  );

/** A daemon that has dialled its ref in vain, and now waits at the address that its peer has told. */
const waiting = () => {
  const kept = new Map([['web', refAt('here')]]);
  const events: string[] = [];
  const dials: Answer[] = [];
  const refs = daemonRefs({
    store: {
      get: (petname) => {
        const ref = kept.get(petname);
        if (ref === undefined) throw new UnknownRef('no ref of that name');
        return ref;
      },
      add: (petname, ref) => void kept.set(petname, ref),
      list: () => [],
    },
    joinStores: noJoinStores(),
    frontier: () => {
      throw new Error('nothing is asked for a service of another machine');
    },
    called: () => undefined,
    callBack: () => () => undefined,
    serving: (task) => task(),
    router: () =>
      ({
        dial: (_ref: Sturdyref, reached: Answer) => {
          dials.push(reached);
          return () => undefined;
        },
      }) as unknown as Router,
    freshRouter: () => {
      throw new Error('nothing here wants a session of its own');
    },
    moved: (petname, { address }) => void events.push(`${petname} moved to ${address ?? '-'}`),
    log: (event) => void events.push(event),
  });
  const told: unknown[] = [];
  const note: Answer = { kept: (value) => void told.push(value), broken: () => undefined };
  const nobody: Answer = { kept: () => undefined, broken: () => undefined };
  refs.dial('web', note, nobody, nobody);
  const { peer } = refAt('there');
  refs.met({ peer, direction: 'accepted' } as SessionView);
  dials[0]?.broken(new Unreachable('nobody is here'));
  const arrive = (): void => dials[1]?.kept('a facet');
  return { kept, events, told, arrive };
};

describe('a ref whose peer is found at another address', () => {
  it('gets that address', () => {
    const { kept, events, told, arrive } = waiting();
    arrive();
    expect(kept.get('web')?.peer.hints['host']).toBe('there');
    expect(events).toEqual(['web moved to there:8088', 'ref.moved']);
    expect(told).toEqual(['a facet']);
  });
  it.each([
    ['another machine', refAt('new', 'new')],
    ['another secret of it', refAt('here', 'old', 2)],
    ['another address of it', refAt('where it is')],
  ])('stays as it is where the operator has meanwhile pushed one to %s', (_what, pushed) => {
    const { kept, events, arrive } = waiting();
    kept.set('web', pushed);
    arrive();
    expect(kept.get('web')).toBe(pushed);
    expect(events).toEqual(['ref.not-kept']);
  });
  it('does not come back where the operator has removed it meanwhile', () => {
    const { kept, events, arrive } = waiting();
    kept.delete('web');
    arrive();
    expect(kept.size).toBe(0);
    expect(events).toEqual(['ref.not-kept']);
  });
});
