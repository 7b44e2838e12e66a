/** From planned to registered services: local ones, proxies of others, fleets. */
import type { Clock, Entropy, Ref, Turn } from '@bellwether/actors';
import type { Crypto } from '@bellwether/ocapn';
import {
  canonicalText,
  type Aggregate,
  type Carrier,
  type ServiceElsewhere,
  type Shepherd,
  type Swap,
} from '@bellwether/shepherd';
import { diffOf, plannedName } from './difference.ts';
import { makeExportedService } from '../exported/exported-service.ts';
import { memberIds } from '../exported/member-operation.ts';
import { makeFleet, type AskedByFleet } from '../aggregate/fleet.ts';
import type { FreshLines } from '../reach/fresh-lines.ts';
import { makeLiveRef, type Arrivals } from '../reach/live-ref.ts';
import type { Peers } from '../reach/peer.ts';
import type { Standing } from '../reach/standing.ts';
import { sharedMembers } from '../aggregate/shares.ts';
import type { DialRef } from '../reach/destination.ts';
import type {
  ChoreAgents,
  ExportedSpec,
  FleetSpec,
  PlannedService,
  SlotAgents,
  TakenSlot,
} from '../planned.ts';

/** What of a shepherd it takes: to put services into it, and for fleets to know their members. */
export type ComposedShepherd = AskedByFleet &
  Pick<Shepherd, 'define' | 'register' | 'registerAggregate' | 'swap' | 'checkNames'>;
/** Who registers, and what it takes. */
export interface ComposePowers {
  readonly shepherd: Ref<ComposedShepherd>;
  readonly slots: Ref<SlotAgents>;
  /** Absent: there are none. */
  readonly chores?: Ref<ChoreAgents>;
  readonly elsewherePowers: ElsewherePowers;
}
/** What services that are elsewhere need of the daemon. */
export interface ElsewherePowers {
  readonly dial: DialRef;
  /** The machines that all of them are at. */
  readonly peers: Ref<Peers>;
  /** Sessions of their own to them. */
  readonly lines: Ref<FreshLines>;
  /** Which machine each name means, of those that have joined. */
  readonly standing: Ref<Pick<Standing, 'of'>>;
  /** Told of each contact with one of those, before anybody else uses it. */
  readonly arrivals?: Ref<Arrivals>;
  /** Who has releases for them; absent: they are asked for what they were brought. */
  readonly carrier?: Ref<Pick<Carrier, 'courier'>>;
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly entropy: Entropy;
  readonly crypto: Pick<Crypto, 'sha256'>;
}

/**
 * Registers every service, in the order of the configuration. @throws what `define` and `register`
 * of the shepherd throw
 */
export const registerServices = (
  turn: Turn,
  powers: ComposePowers,
  planned: readonly PlannedService[],
): void => {
  const { shepherd, elsewherePowers } = powers;
  const shares = sharesIn(planned);
  const exported = exportedServices(turn, shepherd, elsewherePowers);
  for (const one of planned) {
    switch (one.kind) {
      case 'service':
        turn.call(shepherd, 'define', one.config);
        break;
      case 'slot':
      case 'chore':
        for (const { config, agent } of takeAgents(turn, powers, [one]))
          turn.call(shepherd, 'define', config, agent);
        break;
      case 'exported':
        turn.call(shepherd, 'register', exported(one.spec));
        break;
      case 'fleet':
        turn.call(shepherd, 'registerAggregate', fleet(turn, one.spec, shepherd, shares));
    }
  }
};

/**
 * What the shepherd is to exchange, so that it has `after` in place of `before`. A fleet is made anew
 * also where only the fleets beside it differ, since it names those with which it shares members.
 */
export const swapOf = (
  turn: Turn,
  powers: ComposePowers,
  before: readonly PlannedService[],
  after: readonly PlannedService[],
): Swap => {
  const { shepherd, elsewherePowers } = powers;
  const { added, changed, removed, unchanged } = diffOf(before, after);
  const [oldShares, shares] = [sharesIn(before), sharesIn(after)];
  const exported = exportedServices(turn, shepherd, elsewherePowers);
  const others = changed.filter((one) => one.before.kind !== one.after.kind);
  const fresh = [...added, ...changed.map((one) => one.after)];
  const sharers = unchanged.filter(
    (one) => canonicalText(shares[plannedName(one)]) !== canonicalText(oldShares[plannedName(one)]),
  );
  const taken = takeAgents(turn, powers, fresh);
  return {
    removed: [...removed.map(plannedName), ...others.map(({ name }) => name)],
    own: [
      ...fresh.flatMap((one) => (one.kind === 'service' ? [one.config] : [])),
      ...taken.map(({ config }) => config),
    ],
    agents: new Map(taken.map(({ config, agent }) => [config.provision[0], agent])),
    elsewhere: fresh.flatMap((one) => (one.kind === 'exported' ? [exported(one.spec)] : [])),
    aggregates: [...fresh, ...sharers].flatMap((one) =>
      one.kind === 'fleet' ? [fleet(turn, one.spec, shepherd, shares)] : [],
    ),
  };
};

/** Those of the services that have one, as they are described now. */
export const takeAgents = (
  turn: Turn,
  { slots, chores }: Pick<ComposePowers, 'slots' | 'chores'>,
  planned: readonly PlannedService[],
): readonly TakenSlot[] =>
  planned.flatMap((one) => {
    if (one.kind === 'slot') return [turn.call(slots, 'take', one)];
    if (one.kind !== 'chore') return [];
    if (chores === undefined) throw new TypeError('compose: there is nobody to do a chore');
    return [turn.call(chores, 'take', one)];
  });

type SharedMembers = ReturnType<typeof sharedMembers>;
const sharesIn = (planned: readonly PlannedService[]): SharedMembers =>
  sharedMembers(
    planned.flatMap((one) =>
      one.kind === 'fleet' ? [{ name: one.spec.provision[0], members: one.spec.members }] : [],
    ),
  );

/** Makes proxies that share what is the same for all of them. */
const exportedServices = (
  turn: Turn,
  shepherd: Ref<Pick<Shepherd, 'board'>>,
  { dial, peers, lines, standing, clock, entropy, crypto, arrivals, carrier }: ElsewherePowers,
): ((spec: ExportedSpec) => Ref<ServiceElsewhere>) => {
  const board = turn.call(shepherd, 'board');
  const carrying = carrier === undefined ? {} : { carrier };
  const common = { peers, lines, standing, board, clock, entropy, memberIds: memberIds(crypto) };
  const shared = { ...common, ...carrying };
  const told = arrivals === undefined ? {} : { arrivals };
  return (spec) => {
    const { petname } = spec;
    const remote = turn.spawn(makeLiveRef, { petname, dial, peers, entropy, clock, ...told });
    return turn.spawn(makeExportedService, { ...spec, remote, ...shared });
  };
};

const fleet = (
  turn: Turn,
  spec: FleetSpec,
  shepherd: Ref<ComposedShepherd>,
  shares: SharedMembers,
): Ref<Aggregate> =>
  turn.spawn(makeFleet, { ...spec, shepherd, sharedWith: shares[spec.provision[0]] ?? {} });
