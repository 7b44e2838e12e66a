/**
 * The words that the actors of a shepherd say to each other, to their powers and to their store.
 * Everything that crosses a machine (Request, Event, Outcome, Status) is plain data.
 */
export type * from './agent-types.ts';
export type * from './carrier-types.ts';
export type * from './chore-types.ts';
export type { Labels } from './labels.ts';
export type * from './log-types.ts';
export type * from './machine-types.ts';
export type * from './messages.ts';
export type * from './observation.ts';
export type * from './operation-types.ts';
export type { Principal } from './principal.ts';
export type { Named, NamedAndAsked, Question } from './questions.ts';
export type * from './records.ts';
export type { Followed, Selected, Selecting, Selector, SelectView } from './selectors.ts';
export type * from './service-facet.ts';
export type * from './service-types.ts';
export type * from './shepherd-types.ts';
export type * from './process-types.ts';
export type * from './prompt-types.ts';
export type * from './registry.ts';
export type * from './service-config.ts';
export type * from './socket-types.ts';
export type * from './status-types.ts';
export type { Health, Result, Stage, Topic } from './vocabulary.ts';
export type { SlotPhase } from './slot-shapes.ts';
export type { Digest } from './slot-words.ts';
export type * from './timer-types.ts';
export type * from './transient-types.ts';
