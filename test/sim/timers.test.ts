/**
 * A timer under crashes, losses of power, sleep, slow and failing disks and a clock that is set, by seed:
 *
 *     twice     no alarm has two runs, and no run two processes, whoever died in between
 *     beside    no run begins while one goes on
 *     lost      while the shepherd is up and left in peace, every alarm is a run, or is told to be skipped
 *     told      each process is of a run that the disk knows
 */
import { World } from '@bellwether/actors';
import { limits, type Entry } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, service } from '../support/shepherd-machine.ts';

const second = 1_000;
const everyMs = 10 * second;
const seeds = Array.from({ length: 24 }, (_none, at) => at + 1);

class Rig {
  readonly world: World;
  readonly machine: Machine;
  readonly #mayGoBack: boolean;

  constructor(seed: number) {
    this.world = new World(seed);
    this.#mayGoBack = seed % 3 === 0;
    const timer = service({
      provision: ['tick'],
      timer: {
        when: { kind: 'every', everyMs },
        run: { argv: ['tick'] },
        overlap: 'skip',
        ...(seed % 2 === 0 && { isCaughtUp: true as const }),
      },
      isAutoStarted: true,
    });
    this.machine = new Machine(this.world, 'A', { services: [timer] });
    this.machine.processes.behaves = () => ({
      ends: { afterMs: this.#below(15 * second), ending: { code: this.#below(3) } },
    });
    this.machine.boot();
    this.world.runFor(second);
  }

  #below(count: number): number {
    return Math.floor(this.world.random() * count);
  }

  /** Something happens, and then everything works again. */
  befall(): void {
    const { machine, world } = this;
    world.runFor(this.#below(20 * second));
    const faults = [
      () => machine.crash(),
      () => machine.losePower(),
      () => machine.time.sleep('suspended'),
      () => machine.time.sleep('stopped'),
      () => void (machine.time.wallShiftMs += this.#below(300 * second)),
      () => void (machine.disk.failAt = machine.disk.commitCount + 1 + this.#below(3)),
      () => void (machine.disk.commitMs = this.#below(3 * second)),
      () => void (this.#mayGoBack && (machine.time.wallShiftMs -= this.#below(300 * second))),
    ];
    faults[this.#below(faults.length)]?.();
    world.runFor(this.#below(40 * second));
    machine.time.wake();
    machine.disk.failAt = undefined;
    machine.disk.commitMs = 3;
    if (machine.isDown) machine.boot();
    // As long as it may take until it is noticed that the clock was set, and for the longest run.
    world.runFor(limits.alarmLookMs + 20 * second);
    if (machine.isDown) machine.boot();
    world.runFor(second);
  }

  /** What happens in peace: alarms of so long are runs, or told to be skipped. */
  judgePeace(): void {
    const { machine, world } = this;
    const settled = (): number =>
      machine.processes.started.length +
      machine.log.filter(({ event }) => event === 'timer.skipped').length;
    const before = settled();
    world.runFor(6 * everyMs);
    expect(machine.isUp).toBe(true);
    expect(settled() - before).toBe(6);
  }

  judgeRuns(): void {
    const { machine } = this;
    expect(machine.processes.doubled).toEqual([]);
    const entries = machine.disk.entries as readonly Entry[];
    const runs = entries.flatMap((entry) => (entry.kind === 'timed' ? [entry] : []));
    const startIds = new Map(runs.map(({ number, startId }) => [number, startId]));
    expect(new Set(startIds.values()).size).toBe(startIds.size);
    const begun = entries.flatMap((entry) => (entry.kind === 'timer' ? [entry] : []));
    const alarms = new Map(
      begun.map(({ runCount, settledMs }) => [runCount, settledMs] as const).reverse(),
    );
    alarms.delete(0);
    if (!this.#mayGoBack) expect(new Set(alarms.values()).size).toBe(alarms.size);
    expect(machine.processes.started.length).toBeLessThanOrEqual(startIds.size);
    expect(machine.log.filter(({ event }) => /^(turn|vow)\./.test(event))).toEqual([]);
  }
}

describe('a timer', () => {
  it.each(seeds)(
    'runs each alarm once, and loses none while its shepherd is up: seed %i',
    (seed) => {
      const rig = new Rig(seed);
      for (let round = 0; round < 6; round += 1) {
        rig.befall();
        rig.judgePeace();
      }
      rig.judgeRuns();
    },
  );
});
