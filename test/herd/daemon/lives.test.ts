import { describe, expect, it } from 'vitest';
import type { Life, LifeEnd } from '../../../packages/herd/src/daemon/life.ts';
import { Lives } from '../../../packages/herd/src/daemon/lives.ts';

/** A life that does what the test says. */
class FakeLife implements Life {
  readonly locations = [];
  readonly shut = [];
  readonly ended: Promise<LifeEnd>;
  shutDownCount = 0;
  over: (end: LifeEnd) => void = () => undefined;
  readonly #refusal: Error | undefined;
  constructor(refusal?: Error) {
    this.#refusal = refusal;
    this.ended = new Promise((resolve) => {
      this.over = resolve;
    });
  }
  async serve(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
  }
  shutDown(): void {
    this.shutDownCount += 1;
  }
  detach(): void {
    this.over({ kind: 'detached' });
  }
  halt(reason: Error): void {
    this.over({ kind: 'halted', reason });
  }
}

/** Lives whose time stands still: pauses are over at once, and noted. */
const rig = (given: { readonly refusals?: readonly (Error | undefined)[] } = {}) => {
  const made: FakeLife[] = [];
  const events: string[] = [];
  const said: string[] = [];
  const pauses: number[] = [];
  const exits: number[] = [];
  const deadlines: (() => void)[] = [];
  const time = { now: 0 };
  const lives = new Lives({
    next: async () => {
      const life = new FakeLife(given.refusals?.[made.length]);
      made.push(life);
      return life;
    },
    announce: () => void events.push('announced'),
    log: (event) => void events.push(event),
    say: (line) => void said.push(line),
    now: () => time.now,
    after: (ms, task) => {
      if (ms === 77_000) return void deadlines.push(task);
      pauses.push(ms);
      task();
    },
    stopMs: () => 77_000,
    leave: (code) => void exits.push(code),
  });
  const drain = () => new Promise((resolve) => setImmediate(resolve));
  return { lives, made, events, said, pauses, exits, deadlines, time, drain };
};
const reason = new Error('the disk is full');

describe('lives', () => {
  it('end with the one that is shut down', async () => {
    const { lives, made, drain, events } = rig();
    const run = lives.run();
    await drain();
    made[0]?.over({ kind: 'shut-down' });
    await run;
    expect(events).toEqual(['announced']);
  });

  it('follow each other after ever longer pauses, at most 5 s, without end', async () => {
    const { lives, made, drain, pauses } = rig();
    void lives.run();
    for (let count = 0; count < 12; count += 1) {
      await drain();
      made[count]?.halt(reason);
    }
    await drain();
    expect(made).toHaveLength(13);
    expect(pauses.slice(0, 8)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('begin to count anew after one that lasted a minute', async () => {
    const { lives, made, drain, pauses, time } = rig();
    void lives.run();
    for (const lastsMs of [0, 0, 60_000, 0]) {
      await drain();
      time.now += lastsMs;
      made.at(-1)?.halt(reason);
    }
    await drain();
    expect(pauses).toEqual([100, 200, 100, 200]);
  });

  it('do not begin where the first cannot serve, and outlast a later one that cannot', async () => {
    await expect(rig({ refusals: [reason] }).lives.run()).rejects.toBe(reason);
    const { lives, made, drain } = rig({ refusals: [undefined, reason] });
    void lives.run();
    await drain();
    made[0]?.halt(reason);
    await drain();
    expect(made).toHaveLength(3);
  });
});

describe('a signal', () => {
  it('shuts the life down; the second leaves at once', async () => {
    const { lives, made, drain, exits, said, events } = rig();
    void lives.run();
    await drain();
    lives.stop('SIGTERM');
    expect(made[0]?.shutDownCount).toBe(1);
    expect(exits).toEqual([]);
    lives.stop('SIGTERM');
    expect(exits).toEqual([1]);
    expect(said).toHaveLength(2);
    expect(events.slice(1)).toEqual(['daemon.stopping', 'daemon.stopped-at-once']);
  });

  it('leaves where the orderly end takes too long', async () => {
    const { lives, drain, exits, deadlines, events } = rig();
    void lives.run();
    await drain();
    lives.stop('SIGTERM');
    deadlines[0]?.();
    expect(exits).toEqual([1]);
    expect(events.at(-1)).toBe('daemon.stop-too-long');
  });

  it('ends the daemon when the life halts instead of shutting down', async () => {
    const { lives, made, drain } = rig();
    const run = lives.run();
    await drain();
    lives.stop('SIGTERM');
    made[0]?.halt(reason);
    await expect(run).rejects.toBe(reason);
  });
});

describe('a signal that detaches', () => {
  it('ends the life and the daemon, and shuts nothing down', async () => {
    const { lives, made, drain, exits, events, said } = rig();
    const run = lives.run();
    await drain();
    lives.detach('SIGUSR2');
    await run;
    expect(made.map(({ shutDownCount }) => shutDownCount)).toEqual([0]);
    expect(exits).toEqual([]);
    expect(events).toEqual(['announced', 'daemon.detaching']);
    expect(said).toHaveLength(1);
  });
  it('before there is a life serves none', async () => {
    const { lives, made, drain, events } = rig();
    lives.detach('SIGUSR2');
    await lives.run();
    await drain();
    expect(made).toHaveLength(1);
    expect(events).not.toContain('announced');
  });
  it('between two lives begins no other', async () => {
    const { lives, made, drain } = rig();
    const run = lives.run();
    await drain();
    made[0]?.halt(reason);
    lives.detach('SIGUSR2');
    await run;
    expect(made).toHaveLength(1);
  });
  it('ends a stop that takes its time, and leaves to the next one what still runs', async () => {
    const { lives, made, drain, exits } = rig();
    const run = lives.run();
    await drain();
    lives.stop('SIGTERM');
    lives.detach('SIGUSR2');
    await run;
    expect(made[0]?.shutDownCount).toBe(1);
    expect(exits).toEqual([]);
  });
});

describe('an error that nobody caught', () => {
  it('halts the life; another one after a second does, too', async () => {
    const { lives, made, drain, exits, time } = rig();
    void lives.run();
    await drain();
    lives.escaped(reason, 'uncaughtException');
    await drain();
    time.now = 1_000;
    lives.escaped('no error at all', 'unhandledRejection');
    await drain();
    expect(made).toHaveLength(3);
    expect(exits).toEqual([]);
  });

  it('within a second of another one leaves with 70', async () => {
    const { lives, drain, exits, time } = rig();
    void lives.run();
    await drain();
    lives.escaped(reason, 'uncaughtException');
    time.now = 999;
    lives.escaped(reason, 'uncaughtException');
    expect(exits).toEqual([70]);
  });
});
