/**
 * The `^shepherd`: the coordinator of one machine. It holds all services and knows the graph; what
 * a service does with an action is the service's affair. Nobody on another machine is ever handed
 * one: they get a facet of one service.
 */
import {
  Refused,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { restore, shutDown, spawnWriter, workOf } from './boot.ts';
import { ShuttingDown } from './errors.ts';
import { makeServiceFacet } from './facet.ts';
import { limits } from './limits.ts';
import { byDeadline, claim } from './operations.ts';
import { checkedCount, checkedRequest } from './requests.ts';
import { makeService } from './service.ts';
import {
  broken,
  holdShepherd,
  serviceOf,
  type Held,
  type ShepherdOptions,
} from './shepherd-state.ts';
import type {
  Change,
  LocalService,
  Outcome,
  Request,
  Row,
  Service,
  ServiceConfig,
  Shepherd,
  Sink,
  Writer,
} from './types.ts';
import { checkSink } from './sinks.ts';
import { runStep } from './walk.ts';

/**
 * Makes a shepherd without services. To be used: `define` and `register`, then `restore`, then
 * serve.
 */
export const makeShepherd = (
  turn: Turn<Shepherd>,
  _bcom: Bcom<Shepherd>,
  options: ShepherdOptions,
): Behavior<Shepherd> => {
  const held = holdShepherd(turn, options);
  return {
    define: (turn, config) => define(held, turn, config),
    register: (turn, service) => register(held, turn, service),
    perform: (turn, request, sink) => perform(held, turn, request, sink),
    member: (turn, request, writer) => member(held, turn, request, writer),
    status: (turn, name) => turn.call(serviceOf(held, turn, name), 'status'),
    names: (turn) => turn.call(held.registry, 'names'),
    probe: (turn, name, timeoutMs) => {
      const waitMs = checkedCount('probe: timeout', timeoutMs, limits.probeMs);
      return turn.send(serviceOf(held, turn, name), 'probe', waitMs);
    },
    facet: (turn, name) => {
      const canonical = turn.call(serviceOf(held, turn, name), 'canonicalName');
      return turn.spawn(makeServiceFacet, turn.self, canonical);
    },
    log: (turn, name, lineCount) => {
      const own = held.own.get(canonicalOf(held, turn, name));
      if (own === undefined) throw new Refused(`service '${name}' keeps no log at this shepherd`);
      return turn.send(own.service, 'tail', lineCount);
    },
    history: (turn) => history(held, turn),
    restore: (turn) => restore(held, turn),
    shutDown: (turn, sink) => {
      checkSink(sink);
      return shutDown(held, turn, sink);
    },
  };
};

const define = (held: Held, turn: Turn, config: ServiceConfig): Ref<LocalService> => {
  const [name] = config.provision;
  const isEnabled = held.records.enabled.get(name) ?? true;
  const { monitor, prober, logFiles, clock, log } = held;
  const powers = { monitor, prober, logFiles, clock, log };
  const service = turn.spawn(makeService, config, powers, isEnabled);
  turn.call(held.registry, 'register', service);
  held.own.set(name, { service, config });
  return service;
};

const register = (held: Held, turn: Turn, service: Ref<Service>): void => {
  turn.call(held.registry, 'register', service);
  const name = turn.call(service, 'canonicalName');
  held.hops.set(name, `${held.epoch}.${held.hops.size + 1}`);
};

const perform = (
  held: Held,
  turn: Turn<Shepherd>,
  request: Request,
  sink: Ref<Sink>,
): Vow<Outcome> => {
  const checked = checkedRequest(request);
  checkSink(sink);
  const writer = spawnWriter(held, turn, sink);
  const { answer } = accepted(held, turn, checked, writer);
  return turn.when(
    answer,
    (turn, outcome) => {
      // Near and in this turn: the last batch is on its way before the answer is.
      turn.call(writer, 'finish');
      return outcome;
    },
    (turn, reason): Vow<Outcome> => {
      turn.call(writer, 'finish');
      return broken(turn, reason);
    },
  );
};

const member = (
  held: Held,
  turn: Turn<Shepherd>,
  request: Request,
  writer: Ref<Writer>,
): Vow<Outcome> => {
  const { answer } = accepted(held, turn, checkedRequest(request), writer);
  return turn.when(answer, (turn, outcome) => {
    const { rows: _rows, ...row } = outcome;
    turn.call(writer, 'pass', [{ kind: 'row', row: row satisfies Row }]);
    return outcome;
  });
};

/** @throws UnknownService, BadRequest, Cycle, ShuttingDown, Limit */
const accepted = (
  held: Held,
  turn: Turn<Shepherd>,
  request: Request,
  writer: Ref<Writer>,
): { readonly answer: Vow<Outcome> } => {
  const name = turn.call(serviceOf(held, turn, request.member), 'canonicalName');
  const startsSomething = request.action === 'start' || request.action === 'restart';
  if (held.closing.get() !== undefined && startsSomething) throw new ShuttingDown(name);
  const work = workOf(held, turn, { ...request, member: name }, writer);
  claim(work.operation, name, request.action);
  return { answer: byDeadline(held, turn, work, runStep(held, turn, work)) };
};

const canonicalOf = (held: Held, turn: Turn, name: string): string =>
  turn.call(serviceOf(held, turn, name), 'canonicalName');

const history = (held: Held, turn: Turn): readonly Change[] =>
  [...held.own.values()]
    .flatMap(({ service }) => turn.call(service, 'history'))
    .sort((a, b) => a.at - b.at);
