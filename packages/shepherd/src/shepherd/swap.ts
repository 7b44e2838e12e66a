/**
 * How the services of a shepherd change while it serves: all at once, or not at all.
 *
 *     stopping   what goes starts nothing any more and is stopped, and before it what requires it; what an earlier
 *                life has left of what comes, and is being ended, has its end
 *     swap       one turn: what goes is forgotten, what comes is there, what changes is described anew
 *     starting   what was stopped along with something and stays, and what is new and wanted
 *     giving up  in place of the last two, where something does not stop in its time, or what comes turns
 *                out to be impossible: stops that have not begun are called off, and what ran is started
 *
 * A service that is elsewhere, and an aggregate, has nothing to stop here: it goes at once, and what it
 * stands for stays as it is. One that changes is another actor under the same name; what is under way
 * through the old one is answered through it.
 */
import { ActorError, codeOf, Refused, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { bringBack, ownId, ownRequest, summaryOf } from './by-itself.ts';
import { itself } from '../words/principal.ts';
import { Conflict } from '../errors.ts';
import { forgetWishedStarts } from '../operation/kept/last-wishes.ts';
import { operationOf, type Operation } from '../operation/kept/memory.ts';
import { limits } from '../limits.ts';
import { begin, cancel } from '../operation/operation.ts';
import { bare } from '../words/outcome.ts';
import { timeFor } from '../operation/plan/patience.ts';
import { keyOf, planRemoval } from '../operation/plan/plan.ts';
import { isGood } from '../words/vocabulary.ts';
import { forgetPrompts, forgetService, leave } from './forgetting.ts';
import { define, register, registerAggregate } from './registering.ts';
import { canonicalOf, isWanted, type ShepherdHeld } from './shepherd-state.ts';
import type {
  Entry,
  Outcome,
  Shepherd,
  Row,
  ServiceConfig,
  Sink,
  Swap,
  Writer,
} from '../words/types.ts';
import { listen, outcomeFor } from '../operation/told/callers.ts';
import { eraseEnded } from './transients.ts';
import { makeWriter } from '../streams/writer.ts';

/** A swap on its way. */
interface Turnover {
  readonly swap: Swap;
  readonly operation: Operation;
  readonly writer: Ref<Writer>;
  /** Services of this machine that go. */
  readonly going: readonly string[];
  /** Those that are stopped before them, and stay. */
  readonly staying: readonly string[];
  /** Those of both that ran when the swap began. */
  readonly up: readonly string[];
}

/**
 * Carries out a swap whose services were checked, together and with those that stay.
 * @throws Conflict while another one is under way; Refused at the end of the daemon; UnknownService
 */
export const swapServices = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  swap: Swap,
  sink: Ref<Sink>,
): Vow<Outcome> => {
  if (held.isClosing()) throw closing();
  if (held.isSwapping.get()) throw new Conflict('other services are being taken in already');
  checkNames(held, namesOf(turn, swap));
  held.isSwapping.set(true);
  held.swapCount.set(held.swapCount.get() + 1);
  const removed = swap.removed.map((name) => canonicalOf(held, turn, name));
  const going = removed.filter((name) => held.own(name) !== undefined);
  const writer = turn.spawn(makeWriter, { node: held.name, log: held.log, sink });
  const graph = held.graph(turn);
  const steps = planRemoval(going, graph);
  const id = ownId(held, `swap-${held.swapCount.get()}`);
  const leastMs = timeFor(held, turn, steps) + limits.turnoverMarginMs;
  const request = ownRequest(id, 'stop', { kind: 'reload' }, leastMs);
  const operation = operationOf(held.memory, turn, itself, id);
  const staying = steps.flatMap(({ kind, name, wish }) =>
    kind === 'ask' && wish === 'start' ? [name] : [],
  );
  const up = [...going, ...staying].filter(graph.isUp);
  for (const name of going) {
    held.wishes.set(name, { wish: 'stop' });
    retire(held, turn, name, `Service ${name} is on its way out of the configuration.`);
  }
  for (const name of staying) held.wishes.set(name, { wish: 'start' });
  listen(held, turn, operation, writer);
  begin(held, turn, operation, request, steps);
  const turnover = { swap: { ...swap, removed }, operation, writer, going, staying, up };
  const stops = outcomeFor(held, turn, operation, request, undefined);
  const coming = new Set(namesOf(turn, swap));
  const left = [...held.orphans.values()].filter(({ service }) => coming.has(service));
  const ends = turn.all(left.map(({ over }) => over));
  const done = turn.when(stops, (turn) =>
    turn.when(ends, (turn) => afterStops(held, turn, turnover)),
  );
  return turn.when(
    done,
    (_turn, outcome) => outcome,
    (turn, reason) => giveUp(held, turn, turnover, reason),
  );
};

/** All names of what comes and of what is described anew. */
const namesOf = (turn: Turn, { own, elsewhere, aggregates }: Swap): readonly string[] => [
  ...own.flatMap(({ provision }) => provision),
  ...elsewhere.flatMap((one) => turn.call(one, 'provision')),
  ...aggregates.flatMap((one) => turn.call(one, 'provision')),
];

/** See Shepherd. What nobody has configured goes on, and nobody gets its process with its name. @throws Conflict */
export const checkNames = (held: ShepherdHeld, names: readonly string[]): void => {
  for (const name of names) {
    const one = held.transients.get(name);
    if (one === undefined || one.ended !== undefined || held.own(name) === undefined) continue;
    const what = one.config.connection === undefined ? 'a transient service' : 'a connection';
    const text = `the name '${name}' is in use by ${what}; stop that, or wait for its end, and try again`;
    throw new Conflict(text);
  }
};

const closing = (): Refused => new Refused('the shepherd is shutting down: its services stay');

const retire = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  name: string,
  why: string | undefined,
): void => {
  const own = held.own(name);
  if (own === undefined) return;
  turn.call(own.service, 'retire', why);
  if (own.agent !== undefined) turn.call(own.agent, 'rest', why !== undefined);
};

/**
 * Nothing was taken in: what ran is brought back, but for what somebody stopped meanwhile. No throw: that
 * would undo this, too.
 */
const giveUp = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  { operation, writer, going, up }: Turnover,
  reason: Error,
): Vow<Outcome> => {
  held.isSwapping.set(false);
  const isClosing = held.isClosing();
  if (!isClosing) {
    cancel(held, turn, operation, false);
    for (const name of going) retire(held, turn, name, undefined);
  }
  const back = isClosing ? [] : up.filter((name) => held.desired.get(name) !== false);
  return turn.when(
    bringBack(held, turn, `${operation.id}-back`, back, writer),
    (turn, rows): Vow<Outcome> => {
      turn.call(writer, 'finish');
      const down = rows.filter((row) => !isGood(row)).map(({ member }) => member);
      if (down.length === 0) return turn.broken(reason);
      const told = `${reason.message}; not running again: ${down.join(', ')}`;
      return turn.broken(new ActorError(codeOf(reason), told));
    },
  );
};

const afterStops = (held: ShepherdHeld, turn: Turn<Shepherd>, turnover: Turnover): Vow<Outcome> => {
  const { swap, operation, writer, going, staying } = turnover;
  const stuck = going.filter((name) => stageOf(held, turn, name) !== 'stopped');
  if (held.isClosing()) throw closing();
  if (stuck.length > 0) throw new Refused(`nothing was changed: ${stuck.join(', ')} did not stop`);
  // What has run once, and is over, keeps its name from nobody.
  for (const name of namesOf(turn, swap)) eraseEnded(held, turn, name);
  const isNew = (name: string): boolean =>
    going.includes(name) || held.entries.get(name) === undefined;
  const fresh = swap.own.map(({ provision: [name] }) => name).filter(isNew);
  exchange(held, turn, swap);
  held.isSwapping.set(false);
  const back = staying.filter((name) => held.wishes.get(name)?.wish === 'start');
  const wanted = fresh.filter((name) => isWanted(held, name));
  return turn.when(
    bringBack(held, turn, `${operation.id}-start`, [...back, ...wanted], writer),
    (turn, started) => {
      turn.call(writer, 'finish');
      return summaryOf('not as wished', [...rowsOf(operation, [...going, ...staying]), ...started]);
    },
  );
};

const stageOf = (held: ShepherdHeld, turn: Turn<Shepherd>, name: string) => {
  const own = held.own(name);
  return own === undefined ? 'stopped' : turn.call(own.service, 'standing').stage;
};

const rowsOf = ({ steps }: Operation, names: readonly string[]): readonly Row[] =>
  names.flatMap((name) => {
    const outcome = steps.get(keyOf('stop', name))?.outcome;
    return outcome === undefined ? [] : [bare(outcome)];
  });

/** All names are free before any is taken: services may exchange them. */
const exchange = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  { removed, own, elsewhere, aggregates, agents }: Swap,
): void => {
  const staying = new Set(own.map(({ provision: [name] }) => name));
  const coming = new Set(elsewhere.map((service) => turn.call(service, 'canonicalName')));
  for (const name of removed) {
    forgetService(held, turn, name);
    if (staying.has(name)) continue;
    forgetStart(held, turn, name);
    forgetPrompts(held, turn, name);
    held.lost.delete(name);
    held.hooked.delete(name);
  }
  const gone = removed.filter((name) => !coming.has(name));
  forgetWishedStarts(held.lastWishes, turn, gone);
  const known = own.flatMap((config) => {
    const entry = held.own(config.provision[0]);
    return entry === undefined ? [] : [{ config, entry }];
  });
  const hops = new Map(
    elsewhere.map((service) => {
      const name = turn.call(service, 'canonicalName');
      const entry = held.entries.get(name);
      return [name, entry?.kind === 'elsewhere' ? entry.hop : undefined];
    }),
  );
  const replaced = [...hops.keys(), ...aggregates.map((one) => turn.call(one, 'canonicalName'))];
  for (const { config } of known) turn.call(held.registry, 'unregister', config.provision[0]);
  for (const name of replaced) {
    if (!held.entries.has(name)) continue;
    turn.call(held.registry, 'unregister', name);
    leave(held, turn, name);
  }
  for (const { config, entry } of known) {
    const { agent } = entry;
    const described = agent === undefined ? config : turn.call(agent, 'describe', config);
    turn.call(entry.service, 'revise', described);
    turn.call(held.registry, 'register', entry.service);
    held.entries.set(config.provision[0], { kind: 'own', ...entry, config: described });
  }
  for (const config of own)
    if (!isKnown(held, config)) define(held, turn, config, agents?.get(config.provision[0]));
  for (const service of elsewhere)
    register(held, turn, service, hops.get(turn.call(service, 'canonicalName')));
  for (const aggregate of aggregates) registerAggregate(held, turn, aggregate);
};

const isKnown = (held: ShepherdHeld, { provision: [name] }: ServiceConfig): boolean =>
  held.own(name) !== undefined;

/** Who puts it back wants it as it is described then: a start of long ago would surprise him, a stop does not. */
const forgetStart = (held: ShepherdHeld, turn: Turn, name: string): void => {
  if (held.desired.get(name) !== true) return;
  held.desired.delete(name);
  turn.record({ kind: 'unwished', service: name } satisfies Entry);
};
