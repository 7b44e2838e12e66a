/** What others may use of one machine's services; of a real machine: ./node/index.ts. */
export type * from './words/types.ts';
export {
  actionNames,
  hasBatches,
  actionFacts,
  isBuiltIn,
  isRepeatable,
  isStart,
  isSwitch,
  isTaken,
  keptNames,
  rootActions,
  rootNames,
  takesRelease,
} from './action-table.ts';
export { closest } from './closest.ts';
export * from './errors.ts';
export { canonicalText } from './digest.ts';
export { inOrder } from './graph.ts';
export { limits } from './limits.ts';
export { makeLogRotation, type LogRotation } from './chores/log-rotation.ts';
export { makeMonitoring, type Monitoring } from './chores/monitoring.ts';
export { makeChangeFeed } from './shepherd/change-feed.ts';
export { makeServiceFacet, type FacetOptions } from './facet/facet.ts';
export { checkedQuery, placeWeight } from './checks/log-query.ts';
export { makeProcessMonitor, type ProcessMonitorOptions } from './service/process-monitor.ts';
export { makeServiceRegistry } from './shepherd/registry.ts';
export {
  list,
  readBoolean,
  readCount,
  readField,
  readName,
  readTrue,
  readUpTo,
  struct,
  textIf,
  textOf,
  weightOf,
  wordOf,
  type Read,
} from './read.ts';
export type { Step, StepBase, Wish } from './operation/plan/plan.ts';
export { lacks } from './operation/plan/lacking.ts';
export { checkFollower, checkObserver, checkSink } from './checks/sinks.ts';
export { checkedRequest } from './checks/requests.ts';
export {
  doubtLabel,
  isDoubted,
  isLabelKey,
  isLabelValue,
  labelTexts,
  readLabels,
} from './words/labels.ts';
export { canRing } from './timer/calendar.ts';
export { BadCron, parseCron } from './timer/cron.ts';
export { givenNameForm, isName } from './words/names.ts';
export { goneText, lostWords, topicWords } from './words/wording.ts';
export { careRolling, percentOf } from './checks/rolling.ts';
export {
  isCalled,
  isPicked,
  isSelection,
  labelWords,
  memberTest,
  parseSelector,
  selectionName,
  selectorText,
  unknownKeysIn,
  whyNobody,
  type Term,
} from './words/selectors.ts';
export { memberRow, neededOf, verdict } from './operation/plan/verdict.ts';
export { checkedOffer, checkedPiece, readOffered, readPut } from './checks/transfers.ts';
export { makeService, type RecordedService, type ServicePowers } from './service/service.ts';
export {
  doubted,
  isGood,
  isServing,
  isLeftUndone,
  results,
  stages,
  topics,
  unknownStatus,
  worstOf,
} from './words/vocabulary.ts';
export { promptKindOf } from './words/prompt-types.ts';
export { makeReader, type Reader, type ReadPolicy } from './words/shapes.ts';
export { slotPhases } from './words/slot-shapes.ts';
export {
  beginningOf,
  isDigest,
  readSlotWord,
  readSlotWords,
  sha256Of,
  slotWords,
  type SlotWords,
} from './words/slot-words.ts';
export { SessionMark, sinceOf } from './words/session-mark.ts';
export { questionMethods } from './words/questions.ts';
export {
  gnuDoor,
  isOwn,
  itself,
  localRoot,
  principalOf,
  recordedPrincipal,
} from './words/principal.ts';
export { makeOperationReader, type OperationReader } from './words/operation-shapes.ts';
export { makeShepherd } from './shepherd/shepherd.ts';
export { makeStatusBoard } from './shepherd/status-board.ts';
export type { ShepherdOptions } from './shepherd/shepherd-state.ts';
export { cutText } from './text.ts';
export { stopMs } from './words/stopping.ts';
export { endedWords } from './words/wording.ts';
export { refusalKind } from './operation/outcomes.ts';
export { leftFor } from './operation/trail.ts';
export {
  closeCredit,
  hasCredit,
  isOpen,
  openCredit,
  spend,
  type Credit,
} from './streams/credit.ts';
export { makeDeafSink, makeWriter, type WriterOptions } from './streams/writer.ts';
