/**
 * Under which id a command goes on to a member. Ids belong to who asks, but all who ask at a controller
 * come to the member through one reference: without this the holder of one ref could take an id that
 * somebody else will use, or hear what came of it. The member's id says both. It is the same whenever
 * the same one repeats, also to a controller that has begun afresh, and begins with the id that was
 * chosen, so that the logs of both machines can be read side by side.
 */
import { hexOf } from '@bellwether/authority';
import type { Crypto } from '@bellwether/ocapn';
import { limits } from '@bellwether/shepherd';

/** The id at a member of what `principal` asks for here under the id `operation`. */
export type MemberIds = (principal: string, operation: string) => string;

/** Ids at members. The last one is kept: a command for a thousand members asks for it a thousand times. */
export const memberIds = (crypto: Pick<Crypto, 'sha256'>): MemberIds => {
  let last:
    { readonly principal: string; readonly operation: string; readonly id: string } | undefined;
  return (principal, operation) => {
    if (last?.principal !== principal || last.operation !== operation)
      last = { principal, operation, id: memberOperation(crypto, principal, operation) };
    return last.id;
  };
};

/** The id that was chosen here, of one at a member: its beginning, where it was too long. */
export const chosenOperation = (id: string): string => id.replace(/\.[0-9a-f]{32}$/, '');

/** Bytes of the digest that are kept: nobody finds a second id, or a second asker, with the same one. */
const digestBytes = 16;
const digestCharacters = 2 * digestBytes;

/**
 * The id at a member of what `principal` asks for here under the id `operation`, which was checked: no
 * slash stands in either.
 */
export const memberOperation = (
  crypto: Pick<Crypto, 'sha256'>,
  principal: string,
  operation: string,
): string => {
  const asked = new TextEncoder().encode(`${principal}/${operation}`);
  const digest = hexOf(crypto.sha256(asked).subarray(0, digestBytes));
  return `${operation.slice(0, limits.nameCharacters - digestCharacters - 1)}.${digest}`;
};
