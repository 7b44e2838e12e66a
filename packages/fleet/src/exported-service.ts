/**
 * The `^exported-service`: a service elsewhere, under a name of this shepherd. It owns no state but
 * its last observation, so that a controller that starts afresh can stop what it never saw start. A
 * command goes straight through, whatever the observation says:
 *
 *     reach           no contact by the connect deadline    unreachable: nothing was sent
 *                     our deadline passes first             timed out: nothing was sent
 *     perform sent    an outcome                            the far end's own words, under our name
 *                     a refusal                             failed, with the refusal
 *                     the session ends                      unknown: it may have happened
 *                     our deadline passes                   timed out: it may still happen
 */
import {
  type Bcom,
  type Behavior,
  type Clock,
  type JournalCell,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { leftFor } from '@bellwether/shepherd';
import type { Outcome, Request, Service, ServiceFacet, Status, Writer } from '@bellwether/shepherd';
import { Malformed } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { LiveRef } from './live-ref.ts';
import { makeMemberSink } from './member-sink.ts';
import { makeRemoteLog } from './remote-log.ts';
import {
  heard,
  heardOutcome,
  lostSight,
  nothingObserved,
  statusOf,
  touched,
  type Exported,
  type Observed,
} from './observed.ts';
import { reader } from './read.ts';
import { below, relabelledRow } from './relabel.ts';
import { notSent, strangeAnswer, tooLate, troubleOf, unanswered } from './without-answer.ts';

/** What makes an exported service. */
export interface ExportedServiceOptions extends Exported {
  /** The name in the daemon's ref store, for messages. */
  readonly petname: string;
  readonly remote: Ref<LiveRef>;
  /** Only read: how much of a deadline is used up, how old an observation is. */
  readonly clock: Pick<Clock, 'now'>;
}

/** Makes a proxy; it asks nothing before it is asked. */
export const makeExportedService = (
  turn: Turn<Service>,
  _bcom: Bcom<Service>,
  options: ExportedServiceOptions,
): Behavior<Service> => {
  const held: Held = {
    ...options,
    name: options.provision[0],
    observed: turn.cell(nothingObserved),
    probing: turn.cell<Vow<Status> | undefined>(undefined),
  };
  return {
    canonicalName: () => held.name,
    provision: () => held.provision,
    requirement: () => held.requirement,
    status: () => statusOf(held, held.observed.get(), held.clock.now()),
    probe: (turn, timeoutMs, hops = []) => probe(held, turn, timeoutMs, hops),
    perform: (turn, request, writer) => perform(held, turn, request, writer),
    log: (turn, query) =>
      turn.when(
        turn.within(
          LIMITS.logMs,
          turn.when(turn.call(held.remote, 'reach'), (turn, ref) => turn.send(ref, 'log', query)),
        ),
        (_turn, value) => reader.lines(value, 'log'),
      ),
    follow: (turn, follow) => {
      const log = turn.spawn(makeRemoteLog, { place: held, remote: held.remote, follow });
      return turn.call(log, 'run');
    },
  };
};

interface Held extends ExportedServiceOptions {
  readonly name: string;
  readonly observed: JournalCell<Observed>;
  /** The question of this shepherd that is on its way, shared by all who ask here meanwhile. */
  readonly probing: JournalCell<Vow<Status> | undefined>;
}
interface Command {
  readonly ref: Ref<ServiceFacet>;
  readonly request: Request;
  readonly writer: Ref<Writer>;
  /** When the command came in here. */
  readonly startedAt: number;
}

const perform = (
  held: Held,
  turn: Turn<Service>,
  request: Request,
  writer: Ref<Writer>,
): Vow<Outcome> => {
  const startedAt = held.clock.now();
  return turn.when(
    turn.within(request.remainingMs, turn.call(held.remote, 'reach')),
    (turn, ref) => sendOn(held, turn, { ref, request, writer, startedAt }),
    (_turn, reason) => {
      const outcome = notSent(held, request, reason, silenceOf(held));
      held.observed.set(lostSight(held.observed.get(), troubleOf(held, reason)));
      return outcome;
    },
  );
};

const sendOn = (held: Held, turn: Turn<Service>, command: Command): Vow<Outcome> => {
  const { ref, request, writer, startedAt } = command;
  const usedMs = held.clock.now() - startedAt;
  const remainingMs = leftFor(request.remainingMs, usedMs);
  if (remainingMs === 0) return turn.kept(tooLate(held, request));
  const sink = turn.spawn(makeMemberSink, { member: held.name, origin: held.origin, writer });
  const answer = turn.send(ref, 'perform', { ...request, member: held.name, remainingMs }, sink);
  return turn.when(
    turn.within(request.remainingMs - usedMs, answer),
    (_turn, value) => answered(held, request, value),
    (_turn, reason) => {
      const outcome = unanswered(held, request, reason);
      // A refusal is an answer: the far end is there, and as it was.
      if (outcome.result === 'failed')
        held.observed.set(touched(held.observed.get(), held.clock.now()));
      else held.observed.set(lostSight(held.observed.get(), troubleOf(held, reason)));
      return outcome;
    },
  );
};

/** The far end's outcome under our name, or what to think of an answer that is none. */
const answered = (held: Held, request: Request, value: unknown): Outcome => {
  const outcome = orMalformed(() => reader.outcome(value, 'outcome'));
  if (outcome instanceof Malformed) return strangeAnswer(held, request, outcome);
  held.observed.set(heardOutcome(held.observed.get(), outcome, held.clock.now()));
  const rows = outcome.rows.map((row) => relabelledRow(row, held.name));
  const { sharedWith: _shared, ...own } = outcome;
  return { ...own, ...below(outcome, held.name), member: held.name, rows };
};

/**
 * Whoever asks here shares one question. What came another way asks by itself: it may have come from
 * the very question that is on its way, and the two would wait for each other.
 */
const probe = (
  held: Held,
  turn: Turn<Service>,
  timeoutMs: number,
  hops: readonly string[],
): Vow<Status> => {
  const isOurs = hops.length <= 1;
  const asking = (isOurs ? held.probing.get() : undefined) ?? ask(held, turn, timeoutMs, hops);
  if (isOurs) held.probing.set(asking);
  return turn.when(
    turn.within(timeoutMs, asking),
    (_turn, status) => status,
    (_turn, reason) => shown(held, lostSight(held.observed.get(), troubleOf(held, reason))),
  );
};

const ask = (
  held: Held,
  turn: Turn<Service>,
  timeoutMs: number,
  hops: readonly string[],
): Vow<Status> => {
  const startedAt = held.clock.now();
  const answer = turn.when(turn.call(held.remote, 'reach'), (turn, ref) =>
    turn.send(ref, 'probe', leftFor(timeoutMs, held.clock.now() - startedAt), hops),
  );
  const asking: Vow<Status> = turn.when(
    turn.within(timeoutMs, answer),
    (_turn, value) => noted(held, asking, observation(held, value)),
    (_turn, reason) => noted(held, asking, lostSight(held.observed.get(), troubleOf(held, reason))),
  );
  return asking;
};

const observation = (held: Held, value: unknown): Observed => {
  const status = orMalformed(() => reader.status(value, 'status'));
  if (status instanceof Malformed) return lostSight(held.observed.get(), troubleOf(held, status));
  return heard(held.observed.get(), status, held.clock.now());
};

/** Takes down what a question brought, and lets the next one ask afresh. */
const noted = (held: Held, asking: Vow<Status>, observed: Observed): Status => {
  held.observed.set(observed);
  if (held.probing.get() === asking) held.probing.set(undefined);
  return shown(held, observed);
};

const shown = (held: Held, observed: Observed): Status =>
  statusOf(held, observed, held.clock.now());

const silenceOf = (held: Held): number | undefined => {
  const { contactAt } = held.observed.get();
  return contactAt === undefined ? undefined : held.clock.now() - contactAt;
};

const orMalformed = <T>(read: () => T): T | Malformed => {
  try {
    return read();
  } catch (reason) {
    if (reason instanceof Malformed) return reason;
    throw reason;
  }
};
