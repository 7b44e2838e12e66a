/**
 * Short words for tests about the graph of one machine. Every turn is rehearsed unless a test says
 * otherwise.
 */
import { World, type Behavior, type Bcom, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type {
  Aggregate,
  Follow,
  Outcome,
  Request,
  Service,
  ServiceElsewhere,
  ServiceConfig,
  Status,
  Lines,
} from '@bellwether/shepherd';
import { Machine, program, service, type Asked, type Blueprint } from './shepherd-machine.ts';

/** A machine that is up, with these services. */
export const up = (services: readonly ServiceConfig[], more: Blueprint = {}, seed = 3) => {
  const world = new World(seed);
  const machine = new Machine(world, 'A', { services, rehearse: true, ...more });
  machine.boot();
  world.run();
  return { world, machine };
};
/** A service without a process. */
export const named = (name: string, ...requirement: readonly string[]) =>
  service({ provision: [name], requirement });
/** A service with a process. */
export const run = (name: string, ...requirement: readonly string[]) =>
  program({ provision: [name], requirement });
/** A command, and all that follows from it. */
export const herd = (
  { world, machine }: { readonly world: World; readonly machine: Machine },
  action: string,
  member: string,
  given: Partial<Request> = {},
): Asked<Outcome> => {
  const asked = machine.herd(action, member, given);
  world.run();
  return asked;
};
/** All services with their stages, in order of registration. */
export const stages = ({
  world,
  machine,
}: {
  readonly world: World;
  readonly machine: Machine;
}) => {
  const asked = machine.ask((turn, shepherd) =>
    turn
      .call(shepherd, 'names')
      .map((name) => `${name} ${turn.call(shepherd, 'status', name).stage}`),
  );
  world.run(world.now);
  return asked.value;
};
/** What must never be in the log of a vat. */
export const complaints = (machine: Machine) =>
  machine.log.filter(({ event }) => /^(turn|vat|vow)\./.test(event));
const statusOf = (name: string, requirement: readonly string[] = []): Status => ({
  kind: 'local',
  provision: [name],
  requirement,
  stage: 'unknown',
  documentation: '',
  actions: [],
  ageMs: 0,
  isEnabled: true,
  isOneShot: false,
  isRespawned: false,
  respawnCount: 0,
});
/** An aggregate whose outcome is the worst of its members', good or not. */
export const makeGroup = (
  _turn: Turn<Aggregate>,
  _bcom: Bcom<Aggregate>,
  name: string,
  members: readonly string[],
): Behavior<Aggregate> => ({
  canonicalName: () => name,
  provision: () => [name],
  requirement: () => [],
  status: () => statusOf(name),
  probe: (turn) => turn.kept(statusOf(name)),
  members: () => members,
  sum: (_turn, _action, outcomes, minReady) => {
    const rows = outcomes.map(({ rows: _rows, ...row }) => row);
    const bad = rows.find(({ result }) => result !== 'ok' && result !== 'changed');
    const good = rows.some(({ result }) => result === 'changed') ? 'changed' : 'ok';
    const reason = minReady === undefined ? {} : { reason: String(minReady) };
    return { member: name, result: bad?.result ?? good, ...reason, rows };
  },
});
/** A service of another kind: it keeps what it is asked, and answers as it is told. */
export const makeElsewhere = (
  _turn: Turn<ServiceElsewhere>,
  _bcom: Bcom<ServiceElsewhere>,
  name: string,
  perform: (turn: Turn, request: Request, writer: Ref<Lines>) => ReturnType<Service['perform']>,
  requirement: readonly string[] = [],
  follow: (given: Follow) => void = () => undefined,
  contact: (turn: Turn) => Vow<void> = (turn) => turn.vow<void>().vow,
  settle: (turn: Turn, request: Request) => Vow<Outcome> = (turn) => turn.vow<Outcome>().vow,
  cancel: (operation: string) => void = () => undefined,
  hears: (turn: Turn) => Vow<void> = (turn) => turn.kept(undefined),
): Behavior<ServiceElsewhere> => {
  const status = statusOf(name, requirement);
  return {
    canonicalName: () => name,
    provision: () => [name],
    requirement: () => requirement,
    status: () => status,
    probe: (turn) => turn.kept(status),
    perform: (turn, request, writer) => perform(turn, request, writer),
    log: (turn) => turn.kept([]),
    offer: (turn) => turn.kept({ missing: [], missingCount: 0, missingBytes: 0 }),
    put: (turn) => turn.kept({ have: 0 }),
    follow: (turn, given) => {
      turn.effect(() => follow(given));
      return turn.kept(undefined);
    },
    cancel: (turn, operation) => {
      turn.effect(() => cancel(operation));
      return hears(turn);
    },
    settle: (turn, request) => settle(turn, request),
    contact,
    enter: () => undefined,
    leave: () => undefined,
  };
};
