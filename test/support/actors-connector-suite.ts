/**
 * What every Connector owes to the vats that it joins. A session without bytes and a real one pass
 * the same tests: give `connectorSuite` a function that joins two vats in a world.
 */
import { afterEach, describe, expect, it } from 'vitest';
import {
  catchAll,
  codeOf,
  World,
  type Behavior,
  type Bcom,
  type Commit,
  type Forwarder,
  type Frontier,
  type Ref,
  type Resolver,
  type Turn,
  type Value,
  type Vat,
  type Vow,
} from '@bellwether/actors';
import { settled, type LogLine } from './actors-vat.ts';

/** Two vats in one world and what joins them. */
export interface ConnectorPair {
  readonly world: World;
  readonly near: Vat & Frontier;
  readonly far: Vat & Frontier;
  /** What both vats logged. */
  readonly logs: readonly LogLine[];
  /** Time from a send of `near` to its answer, for what the far vat answers at once. */
  readonly roundTripMs: number;
  /** Gives an actor of the far vat to the near one; reachable when the world has come to rest. */
  offer(ref: Ref): Ref | Vow<Ref>;
  /** Ends the connection; both sides know at once. */
  cut(): void;
  /** Open questions and answers on both sides together. */
  openCount(): number;
}
/** Joins two fresh vats; `commit` is the near vat's store. */
export type MakePair = (world: World, commit?: Commit) => ConnectorPair;

/** What the suite talks to. */
interface Peer {
  me(): Ref<Tape>;
  late(): Vow<Ref<Tape>>;
  open(): void;
  echo(value: unknown): unknown;
  later(vow: Vow<number>): Vow<number>;
  vowOf(value: number): { readonly inside: Vow<number> };
  refuse(reason: unknown): Vow<never>;
  bug(): void;
  odd(): unknown;
  toStringNow(): string;
}
interface Tape {
  add(text: string): number;
}
const makeTape = (_turn: Turn<Tape>, _bcom: Bcom<Tape>, out: string[]): Behavior<Tape> => ({
  add: (turn, text) => {
    turn.effect(() => out.push(text));
    return text.length;
  },
});
const makePeer = (turn: Turn<Peer>, _bcom: Bcom<Peer>, out: string[]): Behavior<Peer> => {
  const gate = turn.vow<Ref<Tape>>();
  const tape = turn.spawn(makeTape, out);
  return {
    me: () => tape,
    late: () => gate.vow,
    open: () => gate.resolver.kept(tape),
    echo: (_turn, value) => value,
    later: (turn, vow) => turn.when(vow, (_turn, value) => value + 1),
    vowOf: (turn, value) => {
      const { vow, resolver } = turn.vow<number>();
      turn.after(50, () => resolver.kept(value));
      return { inside: vow };
    },
    refuse: (turn, reason) => {
      const { vow, resolver } = turn.vow<never>();
      resolver.broken(reason);
      return vow;
    },
    bug: () => {
      throw new TypeError('a secret of this machine');
    },
    odd: () => () => undefined,
    toStringNow: () => 'now',
  };
};
const makeMirror = (): Forwarder<object> => ({
  [catchAll]: (_turn, method, args) => [method ?? 'nothing', ...args],
});

interface Joined extends ConnectorPair {
  readonly remote: Ref<Peer> | Vow<Ref<Peer>>;
  readonly heard: string[];
  go<T>(body: (turn: Turn) => T): Promise<Value<T>>;
}

/** Runs the suite over pairs that `makePair` joins. */
export const connectorSuite = (name: string, makePair: MakePair): void => {
  const open: ConnectorPair[] = [];
  const join = async (seed = 7, commit?: Commit): Promise<Joined> => {
    const pair = makePair(new World(seed), commit);
    open.push(pair);
    const heard: string[] = [];
    const peer = await settled(
      pair.world,
      pair.far.run((turn) => turn.spawn(makePeer, heard)),
    );
    const remote = pair.offer(peer) as Ref<Peer> | Vow<Ref<Peer>>;
    const go: Joined['go'] = (body) => settled(pair.world, pair.near.run(body));
    await go((turn) => turn.send(remote, 'echo', 0));
    return { ...pair, remote, heard, go };
  };
  afterEach(() => {
    for (const pair of open.splice(0)) pair.cut();
  });

  describe(`${name}: messages`, () => {
    it('answers a call in one round trip, with the data that was sent', async () => {
      const { world, remote, go, roundTripMs } = await join();
      const start = world.now;
      const data = { list: [1, 'two', true], deep: { text: 'ä' } };
      expect(await go((turn) => turn.send(remote, 'echo', data))).toEqual(data);
      expect(world.now - start).toBe(roundTripMs);
    });
    it('pipelines to an answer that has not come yet: still one round trip', async () => {
      const { world, remote, go, heard, roundTripMs } = await join();
      const start = world.now;
      const answer = await go((turn) => turn.send(turn.send(remote, 'me'), 'add', 'abc'));
      expect([answer, world.now - start, heard]).toEqual([3, roundTripMs, ['abc']]);
    });
    it('keeps the order of what is sent on one reference', async () => {
      for (let seed = 1; seed <= 20; seed += 1) {
        const { world, remote, go, heard } = await join(seed);
        const sent = Array.from({ length: 20 }, (_, at) => `${at}`);
        const tape = await go((turn) => turn.send(remote, 'me'));
        await go((turn) => sent.forEach((text) => turn.tell(tape, 'add', text)));
        world.run();
        expect(heard).toEqual(sent);
      }
    });
    it('keeps the order of what is sent on one vow that turns out to be near', async () => {
      for (let seed = 1; seed <= 20; seed += 1) {
        const { world, remote, go } = await join(seed);
        const heard: string[] = [];
        await go((turn) => {
          const mine = turn.spawn(makeTape, heard);
          const back = turn.send(remote, 'echo', mine) as Vow<Ref<Tape>>;
          turn.tell(back, 'add', 'first');
          return turn.when(back, (turn) => turn.tell(back, 'add', 'second'));
        });
        world.run();
        expect(heard).toEqual(['first', 'second']);
      }
    });
    it('passes a near reference and gives back the very same one', async () => {
      const { remote, go } = await join();
      const mine = await go((turn) => turn.spawn(makeTape, []));
      expect(await go((turn) => turn.send(remote, 'echo', mine))).toBe(mine);
      const theirs = await go((turn) => turn.send(remote, 'me'));
      expect(await go((turn) => turn.send(remote, 'echo', theirs))).toBe(theirs);
    });
    it('passes vows both ways, and settles them when they settle', async () => {
      const { remote, go } = await join();
      const answer = await go((turn) => {
        const { vow, resolver } = turn.vow<number>();
        turn.after(50, () => resolver.kept(41));
        return turn.send(remote, 'later', vow);
      });
      expect(answer).toBe(42);
      const value = await go((turn) =>
        turn.when(turn.send(remote, 'vowOf', 5), (_turn, { inside }) => inside),
      );
      expect(value).toBe(5);
    });
    it('takes symbols as they are, messages without a method, declared names only', async () => {
      const { world, far, offer, remote, go } = await join();
      expect(await go((turn) => turn.send(remote, 'toStringNow'))).toBe('now');
      const forward = (to: Ref | Vow<Ref>, method: string | undefined) =>
        go((turn) => turn.forward(to, method, [1]));
      for (const symbol of ['toStringNow', 'toString', 'constructor', '__proto__']) {
        await expect(forward(remote, symbol)).rejects.toMatchObject({ code: 'refused' });
      }
      await expect(forward(remote, undefined)).rejects.toMatchObject({ code: 'refused' });
      const mirror = offer(
        await settled(
          world,
          far.run((turn) => turn.spawn(makeMirror)),
        ),
      );
      expect(await forward(mirror, 'fooBar')).toEqual(['fooBar', 1]);
      expect(await forward(mirror, '__proto__')).toEqual(['__proto__', 1]);
      expect(await forward(mirror, undefined)).toEqual(['nothing', 1]);
    });
    it('leaves no question and no answer behind', async () => {
      const { world, remote, go, openCount } = await join();
      await go((turn) => turn.send(turn.send(remote, 'me'), 'add', 'abc'));
      await go((turn) =>
        turn.send(turn.send(remote, 'echo', 1) as Vow<Ref<Tape>>, 'add', 'x'),
      ).catch(() => undefined);
      await go((turn) => turn.tell(remote, 'open'));
      await go((turn) => turn.send(remote, 'late'));
      world.run();
      expect(openCount()).toBe(0);
    });
  });

  describe(`${name}: failures`, () => {
    it('carries a break: a refusal by code and message, plain data unchanged', async () => {
      const { remote, go } = await join();
      await expect(go((turn) => turn.forward(remote, 'none', []))).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining('none'),
      });
      const reason = await go((turn) =>
        turn.when(
          turn.send(remote, 'refuse', 'gone-away'),
          () => 'kept',
          (_turn, reason) => (reason as { reason?: unknown }).reason,
        ),
      );
      expect(reason).toBe('gone-away');
    });
    it('does not tell what a bug said, and a bug in what a peer sent halts nobody', async () => {
      const { remote, go, world } = await join();
      const reason = await go((turn) => turn.send(remote, 'bug')).catch(
        (reason: unknown) => reason,
      );
      expect(String(reason)).not.toContain('secret');
      await go((turn) => turn.tell(remote, 'bug'));
      world.run();
      expect(await go((turn) => turn.send(remote, 'echo', 1))).toBe(1);
    });
    it('breaks only the one answer when an argument or a result cannot cross', async () => {
      const { remote, go } = await join();
      await expect(go((turn) => turn.send(remote, 'echo', () => 1))).rejects.toThrow();
      await expect(go((turn) => turn.send(remote, 'odd'))).rejects.toThrow();
      await go((turn) => turn.tell(remote, 'echo', () => 1));
      expect(await go((turn) => turn.send(remote, 'echo', 1))).toBe(1);
    });
    it('breaks at the moment of a cut what is asked, pipelined and passed', async () => {
      const { world, near, remote, go, cut } = await join();
      const passed = await go((turn) => turn.send(remote, 'vowOf', 1));
      const waiting = [
        near.run((turn) => turn.send(remote, 'late')),
        near.run((turn) => turn.send(turn.send(remote, 'late'), 'add', 'x')),
        near.run((turn) => turn.within(60_000, turn.send(remote, 'late'))),
        near.run((turn) => turn.when(passed.inside, () => 'kept')),
      ].map((each) => each.then(String, codeOf));
      world.runFor(20);
      const start = world.now;
      cut();
      world.run(start);
      const codes = await settled(world, Promise.all(waiting));
      expect([codes, world.now]).toEqual([waiting.map(() => 'severed'), start]);
    });
    it('breaks at once what is sent after a cut', async () => {
      const { world, remote, go, cut } = await join();
      const tape = await go((turn) => turn.send(remote, 'me'));
      cut();
      const start = world.now;
      await expect(go((turn) => turn.send(tape, 'add', 'x'))).rejects.toMatchObject({
        code: 'severed',
      });
      expect(world.now).toBe(start);
    });
    it('tells once of a cut, unless told that nobody wants to know', async () => {
      const { world, near, remote, go, cut } = await join();
      const tape = await go((turn) => turn.send(remote, 'me'));
      const probe = near.whatIs(tape, { ...silent });
      if (probe?.kind !== 'elsewhere') throw new Error('the tape should be behind the connector');
      const told: string[] = [];
      probe.connector.onSever(probe.target, (reason) => told.push(`one ${codeOf(reason)}`));
      probe.connector.onSever(probe.target, () => told.push('two'))();
      cut();
      world.run(world.now);
      cut();
      world.run(world.now);
      expect(told).toEqual(['one severed']);
    });
    it('lets nothing cross before what was recorded is durable', async () => {
      let finish: (() => void) | undefined;
      const { world, near, remote, heard, go } = await join(7, (_entries, done) => {
        finish = () => done();
      });
      const tape = await go((turn) => turn.send(remote, 'me'));
      near
        .run((turn) => {
          turn.record('first');
          turn.tell(tape, 'add', 'after the record');
        })
        .catch(() => undefined);
      world.runFor(1_000);
      expect(heard).toEqual([]);
      finish?.();
      world.runFor(1_000);
      expect(heard).toEqual(['after the record']);
    });
    it('sends in order what was sent behind a commit and what was sent after it', async () => {
      let finish: (() => void) | undefined;
      const { world, near, remote, heard, go } = await join(7, (_entries, done) => {
        finish = () => done();
      });
      const gate: { resolver?: Resolver<Ref<Tape>>; tape?: Vow<Ref<Tape>> } = {};
      await go((turn) => {
        gate.tape = turn.send(remote, 'me');
      });
      near
        .run((turn) => {
          turn.record('held');
          if (gate.tape !== undefined) turn.tell(gate.tape, 'add', 'held');
        })
        .catch(() => undefined);
      world.runFor(1_000);
      finish?.();
      near.run((turn) => gate.tape && turn.tell(gate.tape, 'add', 'free')).catch(() => undefined);
      world.runFor(1_000);
      expect(heard).toEqual(['held', 'free']);
    });
  });
};

const silent = {
  deliver: () => undefined,
  listen: () => undefined,
  release: () => undefined,
  onSever: () => () => undefined,
};
