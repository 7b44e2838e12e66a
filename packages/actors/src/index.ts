/**
 * Vats, actors, turns and vows: no network, no clock, no module that does something when imported.
 */
export * from './types.ts';
export {
  ActorError,
  Broken,
  codeOf,
  type Fate,
  fateOf,
  Halted,
  isRemote,
  Limit,
  messageOf,
  NotNear,
  rawReason,
  reasonOf,
  Reentrant,
  Refused,
  Remote,
  SealMisuse,
  Severed,
  TimedOut,
  TurnOver,
  Unreachable,
} from './errors.ts';
export { actorLabel, declaredName, wireName, type WireName } from './names.ts';
export { EventRing } from './event-ring.ts';
export { limits as actorLimits } from './limits.ts';
export { deliverTo, postTo } from './near.ts';
export { sharing } from './places.ts';
export { isRef, isVow } from './promised.ts';
export { createVat } from './vat.ts';
export { World } from './world.ts';
