/** How services come into a shepherd: its own, those elsewhere, and aggregates of both. */
import { Refused, type Ref, type Turn } from '@bellwether/actors';
import { sourceOf } from '../service/accepted.ts';
import { makeService } from '../service/service.ts';
import type { ShepherdHeld } from './shepherd-state.ts';
import type {
  Agent,
  Aggregate,
  LocalService,
  ServiceConfig,
  ServiceElsewhere,
  Shepherd,
} from '../words/types.ts';

/** Makes a service of this machine, and registers it. @throws what `register` of the registry throws */
export const define = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  config: ServiceConfig,
  agent?: Ref<Agent>,
): Ref<LocalService> => {
  const [name] = config.provision;
  const timer = held.timers.get(name);
  const prompts = held.prompts.get(name);
  const lastExit = held.transients.get(name)?.ended;
  const recorded = {
    isEnabled: held.enabled.get(name) ?? true,
    isWanted: held.desired.get(name) ?? config.isAutoStarted,
    ...(timer !== undefined && { timer }),
    ...(prompts !== undefined && { prompts }),
    ...(lastExit !== undefined && { lastExit }),
  };
  const described = agent === undefined ? config : turn.call(agent, 'describe', config);
  const service = turn.spawn(makeService, described, held.servicePowers, recorded, agent);
  turn.call(held.registry, 'register', service);
  held.entries.set(name, { kind: 'own', service, config: described, ...(agent && { agent }) });
  turn.tell(held.board, 'touched', config.provision, true);
  // What it has accepted before it went out of the configuration goes on.
  for (const { service: one, config: its } of held.transients.values())
    if (its.connection?.of === name)
      turn.call(service, 'connected', one, sourceOf(its.connection.arrival));
  if (agent === undefined) return service;
  held.hasAgents.set(true);
  turn.call(agent, 'attach', service);
  return service;
};

/**
 * Takes in a service that lives elsewhere; one that takes the place of another leaves the same `hop`.
 * @throws Refused, Cycle
 */
export const register = (
  held: ShepherdHeld,
  turn: Turn,
  service: Ref<ServiceElsewhere>,
  hop?: string,
): void => {
  turn.call(held.registry, 'register', service);
  const name = turn.call(service, 'canonicalName');
  held.entries.set(name, { kind: 'elsewhere', service, hop: hop ?? freshHop(held) });
  turn.tell(service, 'enter');
  turn.tell(held.board, 'touched', turn.call(service, 'provision'));
};
const freshHop = (held: ShepherdHeld): string => {
  held.hopCount.set(held.hopCount.get() + 1);
  return `${held.life}.${held.hopCount.get()}`;
};

/** Takes in an aggregate. @throws Refused, also for one that requires something */
export const registerAggregate = (
  held: ShepherdHeld,
  turn: Turn,
  aggregate: Ref<Aggregate>,
): void => {
  const name = turn.call(aggregate, 'canonicalName');
  if (turn.call(aggregate, 'requirement').length > 0)
    throw new Refused(`service '${name}': an aggregate requires nothing, its members do`);
  turn.call(held.registry, 'register', aggregate);
  held.entries.set(name, { kind: 'aggregate', service: aggregate });
  const provision = turn.call(aggregate, 'provision');
  turn.tell(held.board, 'contains', provision, turn.call(aggregate, 'members'));
};
