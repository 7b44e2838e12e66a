/**
 * Whether a service that runs is still alive. It is asked now and then, one check at a time, and where too many in a
 * row have failed its process is ended: what follows is what follows any death, by its respawn policy.
 *
 *     running ──► pause ──► check ──► yes: pause
 *                   ▲                 no: one more failure ──► too many: SIGTERM, after the grace SIGKILL
 *                   └─────────────────┘
 *
 * The first pause is a part of one that follows from the name, so that what was started together is not asked together.
 * Leaving the state ends it: nobody is asked while a service starts or stops.
 */
import type { Answer, Turn } from '@bellwether/actors';
import { digestOf } from '../digest.ts';
import { noteBesides } from './besides.ts';
import { change, say, stateOf, type ServiceHeld } from './service-state.ts';
import type { Liveness, Run } from '../words/types.ts';

/** Asks for as long as this process is what runs. */
export const attendLife = (held: ServiceHeld, turn: Turn, run: Run | undefined): void => {
  const { live } = held.config.get();
  if (live === undefined || run === undefined) return;
  noteBesides(held, { checkedAt: undefined });
  change(held, turn, { deathSignCount: 0 });
  const share = parseInt(digestOf(held.name).slice(-4), 16) / 0x1_00_00;
  later(held, turn, run, live, live.everyMs * (Number.isNaN(share) ? 1 : (1 + share) / 2));
};

const isRunning = (held: ServiceHeld, { startId }: Run): boolean => {
  const state = stateOf(held);
  return state.at === 'running' && state.run?.startId === startId;
};

const later = (held: ServiceHeld, turn: Turn, run: Run, live: Liveness, waitMs: number): void =>
  void turn.after(waitMs, (turn) => {
    if (isRunning(held, run)) check(held, turn, run, live);
  });

const check = (held: ServiceHeld, turn: Turn, run: Run, live: Liveness): void => {
  const seen = (turn: Turn, isAlive: boolean): void => {
    if (!isRunning(held, run)) return;
    noteBesides(held, { checkedAt: Math.floor(held.clock.wall()) });
    const before = held.shown.get().deathSignCount;
    const deathSignCount = isAlive ? 0 : before + 1;
    if (deathSignCount !== before) change(held, turn, { deathSignCount });
    if (deathSignCount < live.failureCount) return later(held, turn, run, live, live.everyMs);
    endDead(held, turn, run, deathSignCount);
  };
  turn.when(
    turn.ask<boolean>((answer) => ask(held, run, live, answer)),
    (turn, isAlive) => seen(turn, isAlive === true),
    (turn) => seen(turn, false),
  );
};

const ask = ({ prober }: ServiceHeld, { startId }: Run, { probe }: Liveness, answer: Answer) => {
  const { timeoutMs } = probe;
  switch (probe.kind) {
    case 'http':
      return prober.http(probe.url, timeoutMs, answer);
    case 'tcp':
      return prober.tcp(probe.host, probe.port, timeoutMs, answer);
    case 'exec':
      return prober.exec(startId, probe.command, timeoutMs, answer);
  }
};

/** It is still shown as running: its end is told as any other one. */
const endDead = (held: ServiceHeld, turn: Turn, run: Run, count: number): void => {
  const checks = count === 1 ? 'a check has' : `${count} checks in a row have`;
  const text = `Service ${held.name} (PID ${run.pid}) is not alive any more: ${checks} failed.`;
  say(held, turn, 'service.dead', { pid: run.pid, text });
  const { signal, graceMs } = held.config.get().stop;
  turn.tell(held.monitor, 'signal', run.startId, signal);
  turn.after(graceMs, (turn) => {
    if (isRunning(held, run)) turn.tell(held.monitor, 'signal', run.startId, 'SIGKILL');
  });
};
