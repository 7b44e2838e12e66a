/**
 * The beginning and the end of a shepherd: finding what still runs, starting what is wanted,
 * stopping everything.
 */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { limits } from './limits.ts';
import { operationOf } from './operations.ts';
import { inOrder } from './graph.ts';
import { isGood, plain, serviceOf, type Held, type Work } from './shepherd-state.ts';
import type { Outcome, Request, Row, Run, Sink, Writer } from './types.ts';
import { requirements, runStep, stopQuietly } from './walk.ts';
import { makeWriter } from './writer.ts';

/** Kept once adoption is done and every wanted start is under way; none of those is waited for. */
export const restore = (held: Held, turn: Turn): Vow<void> =>
  turn.when(turn.send(held.monitor, 'adopt'), (turn, runs) => {
    for (const run of runs) if (!adopts(held, turn, run)) endOrphan(held, turn, run);
    const writer = spawnWriter(held, turn, undefined);
    const names = [...held.own.keys()];
    const wanted = names.filter((name) => isWanted(held, name));
    const needed = new Set(inOrder(wanted, requirements(held, turn)));
    for (const name of names) {
      const isStopped = turn.call(serviceOf(held, turn, name), 'status').stage === 'stopped';
      if (isWanted(held, name) && isStopped) command(held, turn, name, 'start', writer);
      // Its stop was accepted, and the daemon died before it was done.
      if (!needed.has(name) && !isStopped) command(held, turn, name, 'stop', writer);
    }
  });

const isWanted = (held: Held, name: string): boolean =>
  held.desired.get(name) ?? held.own.get(name)?.config.isAutoStarted ?? false;

const adopts = (held: Held, turn: Turn, run: Run & { readonly service: string }): boolean => {
  const own = held.own.get(run.service);
  if (own === undefined || turn.call(own.service, 'status').stage !== 'stopped') return false;
  turn.call(own.service, 'adopt', run);
  return true;
};

/** A process whose service is gone from the configuration, or has another process already. */
const endOrphan = (held: Held, turn: Turn, run: Run & { readonly service: string }): void => {
  const { service, pid, startId } = run;
  turn.effect(() => held.log('service.orphaned', { service, pid, startId }));
  turn.tell(held.monitor, 'signal', startId, 'SIGTERM');
  const timer = turn.after(limits.orphanGraceMs, (turn) =>
    turn.tell(held.monitor, 'signal', startId, 'SIGKILL'),
  );
  turn.when(run.ended, () => timer.cancel());
};

const command = (
  held: Held,
  turn: Turn,
  name: string,
  action: 'start' | 'stop',
  writer: Ref<Writer>,
): void => {
  // The colon keeps these ids apart from those that clients may choose.
  const request = ownRequest(`boot:${held.epoch}`, name, action);
  runStep(held, turn, workOf(held, turn, request, writer));
};

const ownRequest = (operation: string, member: string, action: string): Request => ({
  operation,
  member,
  action,
  args: [],
  remainingMs: limits.remainingMs,
  hops: [],
});

/** The work of a request that was checked. */
export const workOf = (held: Held, turn: Turn, request: Request, writer: Ref<Writer>): Work => ({
  operation: operationOf(held, turn, request.operation),
  request,
  writer,
  deadlineAtMs: held.clock.now() + request.remainingMs,
});

/** The writer of one operation at this shepherd. */
export const spawnWriter = (held: Held, turn: Turn, sink: Ref<Sink> | undefined): Ref<Writer> =>
  turn.spawn(makeWriter, {
    node: held.name,
    log: held.log,
    ...(sink === undefined ? {} : { sink }),
  });

/**
 * Stops all local services, dependents first and independent ones at once. Their wishes stay on
 * disk, so the next daemon brings them back. What fails is noted and holds up nobody.
 */
export const shutDown = (held: Held, turn: Turn, sink: Ref<Sink>): Vow<Outcome> => {
  const before = held.closing.get();
  if (before !== undefined) return before;
  const writer = spawnWriter(held, turn, sink);
  const request = ownRequest(`shutdown:${held.epoch}`, 'root', 'stop');
  const work = workOf(held, turn, request, writer);
  const names = [...held.own.keys()];
  for (const name of names) {
    held.wishes.set(name, 'stop');
    const own = held.own.get(name);
    if (own !== undefined) turn.tell(own.service, 'retire');
  }
  const keyOf = (name: string): string => `stop/${name}`;
  stopQuietly(held, turn, work, names, {
    keyOf,
    isTouched: (name) => held.own.has(name),
    wish: 'stop',
  });
  const answers = names.flatMap((name) => work.operation.steps.get(keyOf(name))?.answer ?? []);
  const closing = turn.when(turn.all(answers), (turn, settled): Outcome => {
    const rows = settled.map((one, at): Row =>
      one.kept ? one.value : plain(names[at] ?? '', 'failed', one.reason.message),
    );
    turn.call(writer, 'finish');
    return summary(rows.filter((row) => row.result !== 'ok'));
  });
  held.closing.set(closing);
  return closing;
};

const summary = (rows: readonly Row[]): Outcome => {
  const bad = rows.filter((row) => !isGood(row)).map((row) => row.member);
  const outcome = plain('root', rows.length === 0 ? 'ok' : 'changed');
  if (bad.length === 0) return { ...outcome, rows };
  return { ...plain('root', 'failed', `not stopped: ${bad.join(', ')}`), rows };
};
