/** What is asked of an audit, and answered: plain data, wire format between herd and a daemon. */

/** What is asked of an audit. */
export interface AuditQuery {
  /** Only of this service. */
  readonly service?: string;
  /** Only what is not older, in milliseconds before now. */
  readonly sinceMs?: number;
  /** The newest so many; a daemon answers with what it has room for. */
  readonly count: number;
}
/** Lines of an audit. */
export interface AuditAnswer {
  /** As they stand in the log, oldest first: whoever gets them can see that they fit. */
  readonly lines: readonly string[];
  /** Whether there is more that was asked for, and there was no room for it, or no time to look. */
  readonly isCut: boolean;
}
