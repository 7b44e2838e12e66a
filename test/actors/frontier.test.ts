import { describe, expect, it } from 'vitest';
import {
  type Bcom,
  type Behavior,
  type Connector,
  type FarAnswer,
  type Ref,
  type Resolver,
  type Target,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { makeBench, runIn } from '../support/actors-vat.ts';

interface Tape {
  add(text: string): number;
}
const makeTape = (_turn: Turn<Tape>, _bcom: Bcom<Tape>, out: string[]): Behavior<Tape> => ({
  add: (turn, text) => {
    turn.effect(() => out.push(text));
    return text.length;
  },
});

/** A connector that only writes down what it is asked; `name` numbers the answers. */
class Recorder implements Connector {
  readonly trace: string[] = [];
  readonly answers: FarAnswer[] = [];
  isDead = false;
  /** Does not name its answers: what is sent to them waits here. */
  isSlow = false;
  deliver(
    to: Target,
    method: string | undefined,
    args: readonly unknown[],
    answer?: FarAnswer,
  ): void {
    this.trace.push(`${String(to.slot)}.${method ?? ''} ${args.map(String).join()}`.trim());
    if (answer === undefined) return;
    this.answers.push(answer);
    if (this.isDead) answer.broken('dead');
    else if (!this.isSlow) answer.slot = 100 + this.answers.length;
  }
  listen(to: Target, answer: FarAnswer): void {
    this.trace.push(`listen ${String(to.slot)}`);
    this.answers.push(answer);
  }
  release(to: Target): void {
    this.trace.push(`release ${String(to.slot)}`);
  }
  onSever(): () => void {
    return () => undefined;
  }
}
const setUp = () => {
  const bench = makeBench();
  const connector = new Recorder();
  const far = bench.vat.far(connector, { slot: 1 }) as Ref<Tape>;
  return { ...bench, bench, connector, far };
};

describe('what a value is', () => {
  it('is told from the place that it is seen from', async () => {
    const { bench, vat, connector, far } = setUp();
    const other = new Recorder();
    const near = await runIn(bench, (turn) => turn.spawn(makeTape, []));
    expect(vat.whatIs(near, connector)).toEqual({ kind: 'near' });
    expect(vat.whatIs(far, connector)).toEqual({ kind: 'mine', target: { slot: 1 } });
    expect(vat.whatIs(far, other)).toEqual({
      kind: 'elsewhere',
      connector,
      target: { slot: 1 },
    });
    const stranger = makeBench({ name: 'stranger' });
    const theirs = await runIn(stranger, (turn) => turn.spawn(makeTape, []));
    for (const data of [1, 'x', undefined, null, {}, [near], theirs]) {
      expect(vat.whatIs(data, connector)).toBeUndefined();
    }
  });
  it('looks a vow through to what it has become', async () => {
    const { bench, vat, connector, far } = setUp();
    const box: { vow?: Vow<unknown>; resolver?: Resolver<unknown>; outer?: Vow<unknown> } = {};
    await runIn(bench, (turn) => {
      const made = turn.vow<unknown>();
      const outer = turn.vow<unknown>();
      outer.resolver.follow(made.vow);
      Object.assign(box, made, { outer: outer.vow });
    });
    expect(vat.whatIs(box.vow, connector)).toEqual({ kind: 'vow' });
    expect(vat.whatIs(box.outer, connector)).toEqual({ kind: 'vow' });
    await runIn(bench, () => box.resolver?.kept(far));
    expect(vat.whatIs(box.outer, connector)).toMatchObject({ kind: 'mine' });
    expect(await runIn(bench, () => far)).toBe(far);
    const settledVow = await runIn(bench, (turn) => [turn.kept(far), turn.kept([1])]);
    expect(vat.whatIs(settledVow[0], connector)).toMatchObject({ kind: 'mine' });
    expect(vat.whatIs(settledVow[1], connector)).toEqual({ kind: 'settled', value: [1] });
    const broken = await runIn(bench, (turn) => {
      const made = turn.inlet();
      made.answer.broken('gone');
      turn.when(
        made.vow,
        () => 0,
        () => 0,
      );
      return [made.vow];
    });
    expect(vat.whatIs(broken[0], connector)).toEqual({ kind: 'broken', reason: 'gone' });
  });
  it('is the connector’s own for an answer that it has named, and a vow before that', async () => {
    const { bench, vat, connector, far } = setUp();
    const box: { vow?: Vow } = {};
    await runIn(bench, (turn) => {
      box.vow = turn.send(far, 'add', 'x');
      expect(vat.whatIs(box.vow, connector)).toEqual({ kind: 'vow' });
    });
    expect(vat.whatIs(box.vow, connector)).toMatchObject({ kind: 'mine', target: { slot: 101 } });
    expect(vat.whatIs(box.vow, new Recorder())).toEqual({ kind: 'vow' });
  });
});

describe('a pipe', () => {
  const ask = async () => {
    const parts = setUp();
    const heard: string[] = [];
    const near = await runIn(parts.bench, (turn) => turn.spawn(makeTape, heard));
    const box: { vow?: Vow<Ref<Tape>> } = {};
    await runIn(parts.bench, (turn) => {
      box.vow = turn.forward(parts.far, 'get', []) as Vow<Ref<Tape>>;
    });
    const tell = async (text: string): Promise<void> => {
      await runIn(parts.bench, (turn) => box.vow && turn.tell(box.vow, 'add', text));
      parts.world.run();
    };
    const keep = (value: unknown): void => {
      parts.connector.answers[0]?.kept(value);
      parts.world.run();
    };
    parts.connector.trace.pop();
    return { ...parts, near, heard, tell, keep };
  };
  it('that was not used is given back when its vow settles', async () => {
    const { connector, tell, keep, near, heard } = await ask();
    keep(near);
    await tell('a');
    expect([connector.trace, heard]).toEqual([['release 101'], ['a']]);
  });
  it('that was used stays when its vow turns out to be near: nothing overtakes', async () => {
    const { connector, tell, keep, near, heard } = await ask();
    await tell('a');
    keep(near);
    await tell('b');
    expect([connector.trace, heard]).toEqual([['101.add a', '101.add b'], []]);
  });
  it('that was used aims at what its vow became behind the same connector', async () => {
    const { connector, tell, keep, vat } = await ask();
    await tell('a');
    keep(vat.far(connector, { slot: 7 }));
    await tell('b');
    expect(connector.trace).toEqual(['101.add a', 'release 101', '7.add b']);
  });
  it('is given back when its vow becomes plain data or breaks', async () => {
    const first = await ask();
    await first.tell('a');
    first.keep(5);
    await first.tell('b');
    expect(first.connector.trace).toEqual(['101.add a', 'release 101']);
    const second = await ask();
    await second.tell('a');
    second.connector.answers[0]?.broken('gone');
    await second.tell('b');
    second.world.run();
    expect(second.connector.trace).toEqual(['101.add a', 'release 101']);
  });
  it('breaks with its delivery when the connector is dead', async () => {
    const { bench, connector, far } = setUp();
    connector.isDead = true;
    const sent = runIn(bench, (turn) =>
      turn.forward(turn.forward(far, 'get', []) as Vow<Ref>, 'x', []),
    );
    await expect(sent).rejects.toMatchObject({ code: 'broken', reason: 'dead' });
    expect(connector.trace).toEqual(['1.get']);
  });
  it('stays when its vow becomes a ref behind another connector', async () => {
    const { connector, tell, keep, vat } = await ask();
    const other = new Recorder();
    await tell('a');
    keep(vat.far(other, { slot: 7 }));
    await tell('b');
    expect([connector.trace, other.trace]).toEqual([['101.add a', '101.add b'], []]);
  });
  it('that was not used is given back when its vow follows another', async () => {
    const { connector, tell, keep, vat } = await ask();
    keep(vat.farVow(connector, { slot: 9 }));
    await tell('a');
    expect(connector.trace).toEqual(['release 101', '9.add a']);
  });
  it('that its connector has not named yet lets messages wait for the vow', async () => {
    const { bench, vat, connector, far, world } = setUp();
    connector.isSlow = true;
    const heard: string[] = [];
    const near = await runIn(bench, (turn) => turn.spawn(makeTape, heard));
    await runIn(bench, (turn) => {
      const got = turn.forward(far, 'get', []) as Vow<Ref<Tape>>;
      turn.tell(got, 'add', 'a');
      turn.tell(got, 'add', 'b');
    });
    world.run();
    expect([connector.trace, heard]).toEqual([['1.get'], []]);
    expect(vat.whatIs(connector.answers[0], connector)).toEqual({ kind: 'vow' });
    connector.answers[0]?.kept(near);
    world.run();
    expect([connector.trace, heard]).toEqual([['1.get'], ['a', 'b']]);
  });
  it('of an imported vow carries messages, and listens once when somebody waits', async () => {
    const { bench, vat, connector, world } = setUp();
    const vow = vat.farVow(connector, { slot: 9 }) as Vow<Ref<Tape>>;
    await runIn(bench, (turn) => turn.tell(vow, 'add', 'a'));
    world.run();
    expect(connector.trace).toEqual(['9.add a']);
    const waiting = bench.vat.run((turn) =>
      turn.all([turn.when(vow, () => 1), turn.when(vow, () => 2)]),
    );
    world.run();
    expect(connector.trace).toEqual(['9.add a', 'listen 9']);
    connector.answers[0]?.broken('gone');
    world.run();
    expect((await waiting).map((one) => one.kept)).toEqual([false, false]);
    expect(connector.trace).toEqual(['9.add a', 'listen 9', 'release 9']);
  });
  it('is used by a vow that follows one which has it', async () => {
    const { bench, vat, connector, world } = setUp();
    const vow = vat.farVow(connector, { slot: 9 }) as Vow<Ref<Tape>>;
    await runIn(bench, (turn) => {
      const outer = turn.vow<Ref<Tape>>();
      turn.tell(outer.vow, 'add', 'early');
      outer.resolver.follow(vow);
      turn.tell(outer.vow, 'add', 'late');
    });
    world.run();
    expect(connector.trace).toEqual(['9.add early', '9.add late']);
  });
});

describe('a session', () => {
  it('is answered about a ref that it listens to as if it were a settled vow', async () => {
    const { bench, vat, world } = setUp();
    const near = await runIn(bench, (turn) => turn.spawn(makeTape, []));
    const told: unknown[] = [];
    vat.listen(near as unknown as Vow, {
      kept: (value) => told.push(value),
      broken: () => undefined,
    });
    world.run();
    expect(told).toEqual([near]);
  });
  it('sends declared names in wire spelling and symbols as they are', async () => {
    const { bench, connector, vat } = setUp();
    interface Long {
      addToList(n: number): void;
    }
    const far = vat.far(connector, { slot: 1 }) as Ref<Long>;
    await runIn(bench, (turn) => {
      turn.tell(far, 'addToList', 1);
      turn.forward(far, 'addToList', [2]);
      turn.forward(far, undefined, [3]);
    });
    bench.world.run();
    expect(connector.trace).toEqual(['1.add-to-list 1', '1.addToList 2', '1. 3']);
  });
});

describe('working off', () => {
  it('is told once everything that was delivered before has had its turn', async () => {
    const { bench, vat, world } = setUp();
    const out: string[] = [];
    const near = await runIn(bench, (turn) => turn.spawn(makeTape, out));
    vat.deliver(near, 'add', ['before']);
    vat.workedOff(() => out.push('worked off'));
    vat.deliver(near, 'add', ['after']);
    world.run();
    expect(out).toEqual(['before', 'worked off', 'after']);
  });
  // Seeds 613 and 889 of chaos with faults: the sessions of that daemon never read again.
  it('is told also where every turn comes to nothing', async () => {
    let isFaulty = false;
    const bench = makeBench({ fault: () => isFaulty });
    const out: string[] = [];
    isFaulty = true;
    bench.vat.workedOff(() => out.push('worked off'));
    bench.world.run();
    expect(out).toEqual(['worked off']);
  });
});
