export type * from './types.ts';
export {
  actionNames,
  factsOf,
  isBuiltIn,
  isStart,
  isTaken,
  rootActions,
  rootNames,
  type ActionFacts,
  type BuiltIn,
} from './action-table.ts';
export * from './errors.ts';
export { canonicalText } from './digest.ts';
export { inOrder } from './graph.ts';
export { limits } from './limits.ts';
export { makeChangeFeed } from './change-feed.ts';
export { makeServiceFacet } from './facet.ts';
export { checkedQuery, placeWeight } from './log-query.ts';
export { makeLogger } from './logger.ts';
export { makeProcessMonitor, type ProcessMonitorOptions } from './process-monitor.ts';
export { makeServiceRegistry } from './registry.ts';
export {
  list,
  readCount,
  readField,
  readName,
  readUpTo,
  struct,
  textOf,
  weightOf,
  type Read,
} from './read.ts';
export type { Step, StepBase, Wish } from './plan.ts';
export { checkedRequest, isName, percentOf } from './requests.ts';
export { makeService, type Recorded, type ServicePowers } from './service.ts';
export {
  doubted,
  isGood,
  makeReader,
  results,
  stages,
  healths,
  topics,
  unknownStatus,
  worstOf,
  type Reader,
  type ReadPolicy,
} from './shapes.ts';
export { makeShepherd } from './shepherd.ts';
export { makeStatusBoard } from './status-board.ts';
export { broken, type ShepherdOptions } from './shepherd-state.ts';
export { cutText } from './text.ts';
export { endedWords } from './wording.ts';
export { leftFor } from './trail.ts';
export { makeWriter, type WriterOptions } from './writer.ts';
