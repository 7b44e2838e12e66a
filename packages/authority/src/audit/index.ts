/** The audit as text: what is recorded, how it is chained, and whether it fits. */
export { chained, chainStart, type ChainHead, type ChainLine, type TextDigest } from './chain.ts';
export { auditLimits } from './limits.ts';
export { readPast, type Past, type PastReader } from './past.ts';
export type { AuditAnswer, AuditQuery } from './query.ts';
export {
  audit,
  isAuditEntry,
  type AuditEntry,
  type AuditEvent,
  type AuditLink,
  type AuditRecord,
} from './record.ts';
export {
  headIn,
  recordIn,
  verified,
  type ChainState,
  type Misfit,
  type WrittenRecord,
} from './verify.ts';
