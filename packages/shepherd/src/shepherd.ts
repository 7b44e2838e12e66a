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
import { restore, shutDown } from './boot.ts';
import { cancelOperation, command, localRoot } from './commands.ts';
import { makeServiceFacet } from './facet.ts';
import { limits } from './limits.ts';
import { plan, type Step } from './plan.ts';
import { checkedCount, checkedRequest, checkHeartbeat } from './requests.ts';
import { makeService } from './service.ts';
import {
  allOwn,
  canonicalOf,
  graphOf,
  holdShepherd,
  ownOf,
  providerOf,
  type Held,
  type ShepherdOptions,
} from './shepherd-state.ts';
import { checkObserver, checkSink } from './sinks.ts';
import type {
  Aggregate,
  Change,
  LocalService,
  Outcome,
  Request,
  Service,
  ServiceConfig,
  Shepherd,
  Sink,
  Watching,
} from './types.ts';
import { makeWriter } from './writer.ts';

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
    registerAggregate: (turn, aggregate) => registerAggregate(held, turn, aggregate),
    perform: (turn, request, sink, principal = localRoot) =>
      perform(held, turn, request, sink, principal),
    plan: (turn, request) => show(held, turn, request),
    cancel: (turn, operation, principal = localRoot) =>
      cancelOperation(held, turn, principal, operation),
    status: (turn, name) => turn.call(providerOf(held, turn, name), 'status'),
    names: (turn) => turn.call(held.registry, 'names'),
    probe: (turn, name, timeoutMs) => {
      const waitMs = checkedCount('probe: timeout', timeoutMs, limits.probeMs);
      return turn.send(providerOf(held, turn, name), 'probe', waitMs);
    },
    watch: (turn, names, observer, heartbeatMs, principal = localRoot) =>
      watch(held, turn, { principal, names, observer, heartbeatMs }),
    board: () => held.board,
    facet: (turn, name, principal) =>
      turn.spawn(makeServiceFacet, {
        shepherd: turn.self,
        name: canonicalOf(held, turn, name),
        principal,
      }),
    log: (turn, name, lineCount) => {
      const own = ownOf(held, canonicalOf(held, turn, name));
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
  const recorded = {
    isEnabled: held.records.enabled.get(name) ?? true,
    isWanted: held.desired.get(name) ?? config.isAutoStarted,
  };
  const { monitor, prober, logFiles, clock, log, board } = held;
  const powers = { monitor, prober, logFiles, clock, log, board };
  const service = turn.spawn(makeService, config, powers, recorded);
  turn.call(held.registry, 'register', service);
  held.entries.set(name, { kind: 'own', service, config });
  turn.tell(board, 'touched', config.provision);
  return service;
};

const register = (held: Held, turn: Turn, service: Ref<Service>): void => {
  turn.call(held.registry, 'register', service);
  const name = turn.call(service, 'canonicalName');
  const hopCount = held.hopCount.get() + 1;
  held.hopCount.set(hopCount);
  held.entries.set(name, { kind: 'elsewhere', service, hop: `${held.epoch}.${hopCount}` });
  turn.tell(held.board, 'touched', turn.call(service, 'provision'));
};

const registerAggregate = (held: Held, turn: Turn, aggregate: Ref<Aggregate>): void => {
  const name = turn.call(aggregate, 'canonicalName');
  if (turn.call(aggregate, 'requirement').length > 0)
    throw new Refused(`service '${name}': an aggregate requires nothing, its members do`);
  turn.call(held.registry, 'register', aggregate);
  held.entries.set(name, { kind: 'aggregate', service: aggregate });
  const provision = turn.call(aggregate, 'provision');
  turn.tell(held.board, 'contains', provision, turn.call(aggregate, 'members'));
};

const perform = (
  held: Held,
  turn: Turn,
  request: Request,
  sink: Ref<Sink>,
  principal: string,
): Vow<Outcome> => {
  const checked = checkedRequest(request);
  checkSink(sink);
  const member = canonicalOf(held, turn, checked.member);
  const writer = turn.spawn(makeWriter, { node: held.name, log: held.log, sink });
  return command(held, turn, principal, { ...checked, member }, writer);
};

const watch = (
  held: Held,
  turn: Turn,
  { names, observer, heartbeatMs, principal }: Watching & { readonly names: readonly string[] },
): void => {
  checkObserver(observer);
  checkHeartbeat(heartbeatMs);
  const canonical = names.map((name) => canonicalOf(held, turn, name));
  turn.call(held.board, 'watch', {
    principal,
    names: canonical.length === 0 ? undefined : canonical,
    observer,
    heartbeatMs,
  });
};

/** Plans without doing anything. */
const show = (held: Held, turn: Turn, request: Request): readonly Step[] => {
  const checked = checkedRequest(request);
  const member = canonicalOf(held, turn, checked.member);
  return plan({ ...checked, member }, graphOf(held, turn));
};

const history = (held: Held, turn: Turn): readonly Change[] =>
  allOwn(held)
    .flatMap(([, { service }]) => turn.call(service, 'history'))
    .sort((a, b) => a.at - b.at);
