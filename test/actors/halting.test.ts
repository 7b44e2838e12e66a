import { describe, expect, it } from 'vitest';
import {
  Refused,
  type Answer,
  type Behavior,
  type Ref,
  type Turn,
  type VatPowers,
  type Vow,
} from '@bellwether/actors';
import { makeBench, runIn, settled } from '../support/actors-vat.ts';

interface Worker {
  ok(): string;
  refuse(): void;
  bug(): void;
  refuseLater(): Vow<never>;
  bugLater(): Vow<never>;
  refuseAfter(): void;
  bugAfter(): void;
  never(): Vow<string>;
  overflow(): number;
}
const refuse = (): never => {
  throw new Refused('no');
};
const bug = (): never => {
  throw new TypeError('a bug');
};
const makeWorker = (_turn: Turn<Worker>): Behavior<Worker> => ({
  ok: () => 'ok',
  refuse,
  bug,
  refuseLater: (turn) => turn.when(turn.kept(1), refuse),
  bugLater: (turn) => turn.when(turn.kept(1), bug),
  refuseAfter: (turn) => void turn.after(5, refuse),
  bugAfter: (turn) => void turn.after(5, bug),
  never: (turn) => turn.vow<string>().vow,
  overflow: (turn) => turn.call(turn.self, 'overflow'),
});
const setUp = async (powers: Partial<VatPowers> = {}) => {
  const stopped: string[] = [];
  const bench = makeBench({ stopped: (reason) => stopped.push(reason.message), ...powers });
  const worker = await runIn(bench, (turn) => turn.spawn(makeWorker));
  const lives = async (): Promise<boolean> =>
    runIn(bench, (turn) => turn.send(worker, 'ok')).then(
      () => true,
      () => false,
    );
  return { ...bench, bench, worker, stopped, lives };
};
type SetUp = Awaited<ReturnType<typeof setUp>>;

describe('what throws', () => {
  const goesOn: Readonly<Record<string, (turn: Turn, worker: Ref<Worker>) => unknown>> = {
    'a request that refuses': (turn, worker) => turn.send(worker, 'refuse'),
    'a request with a bug': (turn, worker) => turn.send(worker, 'bug'),
    'a request that runs out of stack': (turn, worker) => turn.send(worker, 'overflow'),
    'a turn from outside with a bug': bug,
    'a continuation that refuses': (turn, worker) => turn.send(worker, 'refuseLater'),
  };
  for (const [what, body] of Object.entries(goesOn)) {
    it(`breaks the answer of ${what}, and the vat goes on`, async () => {
      const { bench, worker, lives, stopped } = await setUp();
      await expect(runIn(bench, (turn) => body(turn, worker))).rejects.toThrow();
      expect([await lives(), stopped]).toEqual([true, []]);
    });
  }
  const logged: Readonly<Record<string, (turn: Turn, worker: Ref<Worker>) => unknown>> = {
    'a tell that refuses': (turn, worker) => turn.tell(worker, 'refuse'),
    'an alarm that refuses': (turn, worker) => turn.send(worker, 'refuseAfter'),
  };
  for (const [what, body] of Object.entries(logged)) {
    it(`is logged for ${what}, and the vat goes on`, async () => {
      const { bench, worker, lives, logs, world } = await setUp();
      await runIn(bench, (turn) => void body(turn, worker));
      world.run();
      expect(await lives()).toBe(true);
      expect(logs.map(({ event, code }) => [event, code])).toEqual([['turn.refused', 'refused']]);
    });
  }
  const halts: Readonly<Record<string, (turn: Turn, worker: Ref<Worker>) => unknown>> = {
    'a tell with a bug': (turn, worker) => turn.tell(worker, 'bug'),
    'a continuation with a bug': (turn, worker) => turn.send(worker, 'bugLater'),
    'an alarm with a bug': (turn, worker) => turn.send(worker, 'bugAfter'),
    'an effect that throws': (turn) => turn.effect(bug),
    'a power that throws when asked': (turn) => turn.ask(bug),
  };
  for (const [what, body] of Object.entries(halts)) {
    it(`halts the vat for ${what}, once`, async () => {
      const { bench, worker, lives, stopped, world, vat } = await setUp();
      runIn(bench, (turn) => void body(turn, worker)).catch(() => undefined);
      world.run();
      expect([await lives(), stopped]).toEqual([false, ['a bug']]);
      vat.halt();
      expect(stopped).toEqual(['a bug']);
    });
  }
  it('never lets a peer halt the vat: what a session delivers is a request', async () => {
    const { vat, worker, lives, world, logs } = await setUp();
    vat.deliver(worker, 'bug', []);
    vat.deliver(worker, 'nothing-like-it', []);
    vat.deliver({} as Ref, 'bug', []);
    world.run();
    expect(await lives()).toBe(true);
    expect(logs.map(({ event, code }) => `${event} ${String(code)}`)).toEqual([
      'turn.threw error',
      'vow.broken error',
      'vow.broken error',
      'vow.broken refused',
    ]);
  });
});

describe('a halted vat', () => {
  const openAnswer = (told: unknown[]): Answer => ({
    kept: (value) => told.push(value),
    broken: (reason) => told.push((reason as { code: string }).code),
  });
  const halt = ({ vat }: SetUp): void => vat.halt(new Error('enough'));

  it('rejects every open run and breaks every open post at once', async () => {
    const parts = await setUp();
    const { vat, world, worker } = parts;
    const told: unknown[] = [];
    const runs = [
      vat.run((turn) => turn.send(worker, 'never')),
      vat.run((turn) => turn.within(1_000, turn.send(worker, 'never'))),
    ];
    vat.post(worker, 'never', [], openAnswer(told));
    world.run(10);
    runs.push(vat.run((turn) => turn.send(worker, 'ok')));
    halt(parts);
    expect(told).toEqual(['halted']);
    for (const run of runs) {
      await expect(run).rejects.toMatchObject({ code: 'halted', cause: { message: 'enough' } });
    }
    expect(world.now).toBe(10);
  });
  it('tells nothing more to whom it has answered', async () => {
    const parts = await setUp();
    const told: unknown[] = [];
    parts.vat.post(parts.worker, 'ok', [], openAnswer(told));
    parts.world.run();
    halt(parts);
    expect(told).toEqual(['ok']);
  });
  it('breaks what is posted, run or delivered later at once', async () => {
    const parts = await setUp();
    const { vat, worker, bench, logs } = parts;
    halt(parts);
    const told: unknown[] = [];
    vat.post(worker, 'ok', [], openAnswer(told));
    vat.post(worker, 'ok', []);
    expect(told).toEqual(['halted']);
    await expect(
      settled(
        bench.world,
        vat.run(() => 1),
      ),
    ).rejects.toMatchObject({ code: 'halted' });
    const place = vat.whatIs(vat.deliver(worker, 'ok', []), silent);
    expect(place).toMatchObject({ kind: 'broken', reason: { code: 'halted' } });
    expect(logs.map(({ event }) => event)).toEqual(['vat.halted']);
  });
  it('owes nothing to sessions: they are being severed', async () => {
    const parts = await setUp();
    const { vat, worker, world } = parts;
    const told: unknown[] = [];
    vat.listen(vat.deliver(worker, 'ok', []), openAnswer(told));
    halt(parts);
    world.run();
    expect(told).toEqual([]);
  });
  it('runs nothing any more: no queued turn, no effect, no timer', async () => {
    const parts = await setUp();
    const { vat, world } = parts;
    const trace: string[] = [];
    await runIn(parts.bench, (turn) => void turn.after(50, () => trace.push('alarm')));
    vat
      .run((turn) => {
        turn.effect(() => {
          trace.push('first');
          halt(parts);
        });
        turn.effect(() => trace.push('second'));
      })
      .catch(() => undefined);
    world.run(world.now);
    vat.run(() => trace.push('turn')).catch(() => undefined);
    expect(world.pendingCount).toBe(0);
    world.run();
    expect(trace).toEqual(['first']);
  });
  it('drops the turn that halted it, and what is queued behind it', async () => {
    const parts = await setUp();
    const trace: string[] = [];
    const run = runIn(parts.bench, (turn) => {
      turn.effect(() => trace.push('effect'));
      parts.vat.run(() => trace.push('queued')).catch(() => undefined);
      halt(parts);
    });
    await expect(run).rejects.toMatchObject({ code: 'halted' });
    parts.world.run();
    expect(trace).toEqual([]);
  });
});

describe('fairness', () => {
  it.each([
    [1_000, 1],
    [1_001, 2],
    [2_500, 3],
  ])('yields to the scheduler after a thousand turns: %i are %i tasks', async (count, tasks) => {
    const { bench, world, worker } = await setUp();
    const before = world.stepCount;
    bench.vat
      .run((turn) => {
        // This turn itself is one of them.
        for (let n = 1; n < count; n += 1) turn.tell(worker, 'ok');
      })
      .catch(() => undefined);
    world.run();
    expect(world.stepCount - before).toBe(tasks);
  });
  it('yields after a millisecond where turns are long, however few they were', async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, wall: () => nowMs, after: () => () => undefined };
    const { bench, world } = await setUp({ clock });
    const before = world.stepCount;
    const makeSlow = (_turn: Turn<{ go(): void }>): Behavior<{ go(): void }> => ({
      go: () => void (nowMs += 0.25),
    });
    bench.vat
      .run((turn) => {
        const slow = turn.spawn(makeSlow);
        for (let n = 1; n < 100; n += 1) turn.tell(slow, 'go');
      })
      .catch(() => undefined);
    world.run();
    // The first look, after 8 turns, finds it over.
    expect(world.stepCount - before).toBe(13);
  });
  it('lets out what a long turn sends before most of those that it asks for', async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, wall: () => nowMs, after: () => () => undefined };
    const { bench, world } = await setUp({ clock });
    let turnCount = 0;
    let countWhenSent = 0;
    const makeQuick = (_turn: Turn<{ go(): void }>): Behavior<{ go(): void }> => ({
      go: () => void (turnCount += 1),
    });
    bench.vat
      .run((turn) => {
        const quick = turn.spawn(makeQuick);
        for (let n = 0; n < 100; n += 1) turn.tell(quick, 'go');
        turn.effect(() => (countWhenSent = turnCount));
        nowMs += 5;
      })
      .catch(() => undefined);
    world.run();
    expect([turnCount, countWhenSent]).toEqual([100, 7]);
  });
});

describe('a fault power', () => {
  it('makes a request break and undoes it, and halts on a continuation', async () => {
    const faulty = new Set<string>();
    const { bench, worker, lives, stopped } = await setUp({ fault: (what) => faulty.has(what) });
    const trace: string[] = [];
    faulty.add('^outside');
    const run = runIn(bench, (turn) => turn.effect(() => trace.push('effect')));
    await expect(run).rejects.toThrow('injected fault in ^outside');
    faulty.clear();
    faulty.add('^worker.ok');
    expect([await lives(), stopped, trace]).toEqual([false, [], []]);
    faulty.clear();
    faulty.add('^outside.when');
    await expect(
      runIn(bench, (turn) => turn.when(turn.send(worker, 'ok'), () => 1)),
    ).rejects.toMatchObject({ code: 'halted' });
    expect(stopped).toEqual(['injected fault in ^outside.when']);
  });
});

const silent = {
  deliver: () => undefined,
  listen: () => undefined,
  release: () => undefined,
  onSever: () => () => undefined,
};
