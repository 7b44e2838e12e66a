/**
 * What an audit knows of grants that the records do not know any more: a backup that is put back is older than the
 * audit beside it, and so gives back what was revoked and used since. What the owner has confirmed since a revocation
 * is not held against it.
 */
import { recordIn } from './verify.ts';

/** What became of some grants, as far as an audit tells. */
export interface Past {
  /** Why each of those was taken back, in words. */
  readonly revoked: ReadonlyMap<string, string>;
  /** Operations that were asked for through each of those that are good for so many, as far as that number. */
  readonly usedCounts: ReadonlyMap<string, number>;
}
/** Looks at one line after the other. */
export interface PastReader {
  look(line: string): void;
  /** What was found by now. */
  past(): Past;
}

/** Reads for grants that are good for so many operations each, and for the revocation of any. */
export const readPast = (maxUses: ReadonlyMap<string, number>): PastReader => {
  const revoked = new Map<string, string>();
  const used = new Map<string, Set<string>>();
  return {
    look: (line) => {
      // Most lines of an audit tell of something else, and to read one takes longer than to look for a word.
      if (!line.includes('"revoked"') && !line.includes('"confirmed"') && !line.includes('"g-'))
        return;
      const record = recordIn(line);
      if (record === undefined) return;
      const { event, grant, asker, operation, reason, chain = [] } = record;
      if (event === 'confirmed' && grant !== undefined) revoked.delete(grant);
      if (event === 'revoked' && grant !== undefined) {
        const why = reason === undefined ? '' : `: ${reason}`;
        revoked.set(grant, `revoked at ${new Date(record.atMs).toISOString()} by ${asker}${why}`);
      }
      if (event !== 'asked' || operation === undefined) return;
      for (const link of chain) {
        const most = maxUses.get(link.grant);
        if (most === undefined) continue;
        const known = used.get(link.grant) ?? new Set();
        if (known.size < most) known.add(`${asker} ${operation}`);
        used.set(link.grant, known);
      }
    },
    past: () => ({
      revoked: new Map(revoked),
      usedCounts: new Map([...used].map(([id, { size }]) => [id, size])),
    }),
  };
};
