/** The audit on its disk, for whoever needs nothing else of the store: no database is loaded. */
export { AuditLog, textDigest, type AuditPowers } from './audit-log.ts';
export { MemoryAudit } from './memory-place.ts';
export { auditFileName, auditFolder, type AuditHandle, type AuditPlace } from './place.ts';
export { lastOfAudit, lookThroughAudit, verifyAudit, type Verified } from './read.ts';
export type { Pending } from './tail.ts';
