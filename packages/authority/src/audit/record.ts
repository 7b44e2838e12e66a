/**
 * What the audit says of one event, and the one text that says it. A turn records an entry, which becomes durable
 * with everything else that the turn has written, or not at all:
 *
 *     event       what happened                                             also has
 *     asked       something was asked for that changes something, or        service, action, args, operation,
 *                 that goes through a grant                                 whose
 *     ended       it is over                                                the same without args; result
 *     denied      it was refused by a grant; nothing was done               the same; code
 *     granted     a right was given: a grant, or a ref was minted           service, action, label, grant
 *     redeemed    an invite became a holder's own                           service, grant
 *     revoked     a right was taken back                                    service, grant, reason
 *     confirmed   a right from before a restored backup counts again        service, grant
 *     alert       something that should not happen                          code, reason; service, grant
 *
 * The text is JSON in one order of members, and ASCII alone: each byte of it counts for its digest, no two texts mean
 * the same, and none does anything to a terminal.
 */
import type { Turn } from '@bellwether/actors';
import { auditLimits } from './limits.ts';

const events = [
  'asked',
  'ended',
  'denied',
  'granted',
  'redeemed',
  'revoked',
  'confirmed',
  'alert',
] as const;
/** What happened; see the table above. */
export type AuditEvent = (typeof events)[number];

/** One grant on the way from its origin to who asked. Ids and fingerprints; nothing in it is secret. */
export interface AuditLink {
  readonly grant: string;
  /** The key, as text, or the reference that made it. */
  readonly issuer: string;
  readonly holder?: string;
}
/** One event. It names who acted by reference or key: which person held that, it cannot know. */
export interface AuditRecord {
  readonly event: AuditEvent;
  /**
   * `root`: the local root; the hash of a minted ref; the id of a grant; the
   * fingerprint of a key that has none; `shepherd`: the shepherd itself.
   */
  readonly asker: string;
  /** The grant that was used and those that it was narrowed from, the first grant first. */
  readonly chain?: readonly AuditLink[];
  readonly service?: string;
  readonly action?: string;
  /** Such as whoever described the action calls harmless; of all others nothing but their number. */
  readonly args?: readonly string[];
  /** The id of the operation, as its asker chose it. */
  readonly operation?: string;
  /** Who asked for that operation first, where it is somebody else who has come back to it. */
  readonly whose?: string;
  /** In the words of an outcome: changed, ok, failed, … */
  readonly result?: string;
  /** The code of a refusal, or of an alert. */
  readonly code?: string;
  /** One sentence for people. */
  readonly reason?: string;
  /** What its maker called a grant; the hash of a ref that was minted. */
  readonly label?: string;
  /** The grant that it is about, where that is not the asker's. */
  readonly grant?: string;
}
/** What a turn records: the entry that a daemon's commit writes into the audit. */
export type AuditEntry = { readonly kind: 'audit' } & AuditRecord & {
    /** It tells of nothing that was done: where the disk is full its number is written down later, and no more. */
    readonly isExpendable?: true;
  };

/** Records an event with this turn: no answer and no effect of it leaves before the audit is durable. */
export const audit = (turn: Pick<Turn, 'record'>, record: AuditRecord): void => {
  const entry: AuditEntry = { kind: 'audit', ...record };
  turn.record(entry);
};

/** Whether something that a turn recorded is for the audit. */
export const isAuditEntry = (entry: unknown): entry is AuditEntry =>
  typeof entry === 'object' && entry !== null && 'kind' in entry && entry.kind === 'audit';

/**
 * The members of a record in the order in which they are written, cut to what there is room for.
 * @throws TypeError for what is no record: a record that is left out in silence would count as written
 */
export const orderedRecord = (entry: AuditRecord): AuditRecord => {
  const { event, asker, chain, service, action, args } = entry;
  if (!events.includes(event)) throw new TypeError(`audit: no such event: ${String(event)}`);
  return {
    event,
    asker: named(asker),
    ...(chain && { chain: linksOf(chain) }),
    ...(service !== undefined && { service: named(service) }),
    ...(action !== undefined && { action: named(action) }),
    ...(args && { args: argumentsOf(args) }),
    ...restOf(entry),
  };
};

const restOf = ({ operation, whose, result, code, reason, label, grant }: AuditRecord) => ({
  ...(operation !== undefined && { operation: named(operation) }),
  ...(whose !== undefined && { whose: named(whose) }),
  ...(result !== undefined && { result: named(result) }),
  ...(code !== undefined && { code: named(code) }),
  ...(reason !== undefined && { reason: cut(reason, auditLimits.reasonCharacters) }),
  ...(label !== undefined && { label: named(label) }),
  ...(grant !== undefined && { grant: named(grant) }),
});

const argumentsOf = (args: readonly string[]): readonly string[] =>
  shortened(args, auditLimits.argumentCount, (count) => `… and ${count} more`).map((each) =>
    cut(each, auditLimits.argumentCharacters),
  );

const linksOf = (chain: readonly AuditLink[]): readonly AuditLink[] =>
  shortened(chain, auditLimits.linkCount, leftOut).map(({ grant, issuer, holder }) => ({
    grant: cut(grant, auditLimits.linkCharacters),
    issuer: cut(issuer, auditLimits.linkCharacters),
    ...(holder !== undefined && { holder: cut(holder, auditLimits.linkCharacters) }),
  }));

const leftOut = (count: number): AuditLink => ({ grant: `… and ${count} more`, issuer: '…' });

/** The first of many, a word for those that are left out, and the last: of a chain that one asked. */
const shortened = <T>(
  all: readonly T[],
  mostCount: number,
  more: (count: number) => T,
): readonly T[] => {
  if (all.length <= mostCount) return all;
  const first = all.slice(0, mostCount - 2);
  return [...first, more(all.length - mostCount + 1), ...all.slice(-1)];
};

const named = (text: string): string => cut(text, auditLimits.nameCharacters);
const cut = (text: unknown, mostCharacters: number): string => {
  if (typeof text !== 'string') throw new TypeError('audit: a part of a record is no text');
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1)}…`;
};
