/**
 * Whose an operation is: the key of books, quotas and the audit, and never a permission. Near only: what another
 * machine says of who asks is not believed, so none is ever read from the wire.
 */
import { Refused } from '@bellwether/actors';

declare const isPrincipal: unique symbol;
/** Who asks. Made of what a reference is, here or by `principalOf`; a mere text is none. */
export type Principal = string & { readonly [isPrincipal]: true };

/** The shepherd itself, at its beginning and its end. What it asks for is never written down. */
export const itself = 'shepherd' as Principal;
/** Who asks through the local root. */
export const localRoot = 'root' as Principal;
/** Who asks through the door for GNU Shepherd's clients: nobody but the owner reaches that, either. */
export const gnuDoor = 'gnu' as Principal;

/** Whether it is the shepherd, or the owner of its machine by whichever way: nobody has to allow them anything. */
export const isOwn = (asker: string): boolean =>
  asker === itself || asker === localRoot || asker === gnuDoor;

/**
 * Who asks through a reference: the id of a grant, or the hash of the swissnum of what was minted.
 * @throws Refused for the names of those above, which no reference has
 */
export const principalOf = (id: string): Principal => {
  if (isOwn(id)) throw new Refused(`'${id}' is no reference`);
  return id as Principal;
};
/** Whoever the disk says has asked; it was a principal when it was written. */
export const recordedPrincipal = (asker: string): Principal => asker as Principal;
