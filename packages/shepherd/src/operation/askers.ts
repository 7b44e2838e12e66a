/** Who answers for what is asked, and whether they still may: of whoever comes through a reference the book knows. */
import type { ActorError, Turn } from '@bellwether/actors';
import type { Host } from './host.ts';
import { isOwn, type Principal } from '../words/principal.ts';
import type { AskerLink } from '../words/types.ts';

type Books = Pick<Host, 'grants'>;

/** Why nothing of this asker is to begin any more; undefined while it may. */
export const endOf = ({ grants }: Books, turn: Turn, asker: string): ActorError | undefined =>
  grants === undefined || isOwn(asker) ? undefined : turn.call(grants, 'judge', asker, {});
/** What stands behind an asker, its origin first; empty where that is nothing but itself. */
export const chainOf = ({ grants }: Books, turn: Turn, asker: string): readonly AskerLink[] =>
  grants === undefined || isOwn(asker) ? [] : turn.call(grants, 'chain', asker);
/**
 * Who answers for what an asker does: the grant that the owner gave, or the minted reference, that it comes from. Of
 * grants that are forgotten nobody knows that any more: they are one together.
 */
export const originOf = ({ grants }: Books, turn: Turn, asker: Principal): string =>
  grants === undefined || isOwn(asker)
    ? asker
    : (turn.call(grants, 'origin', asker) ?? 'forgotten');
