/** What can go wrong between machines; the classes are those of the layers below. */
import { ActorError, Refused } from '@bellwether/actors';
import type { NamedWay } from './ways.ts';

export { Malformed } from '@bellwether/shepherd';

/** The codes with which a grant refuses. */
const denials: ReadonlySet<string> = new Set([
  'denied',
  'revoked',
  'expired',
  'used-up',
  'too-many',
  'unconfirmed',
  'too-wide',
]);
/** Whether this is the code of a refusal by a grant: it does not allow it, or not now, or not any more. */
export const isDenial = (code: string): boolean => denials.has(code);
/** Whether this denial is the end of a grant: it may come while something is under way, and what has begun goes on. */
export const isEnd = (code: string): boolean => code === 'revoked' || code === 'expired';

/** What was asked for would be done to members, too, that the grant is not for. */
export class ReachesOutside extends ActorError {
  /** Their names: for the owner of the host, not for the holder. */
  readonly members: readonly string[];
  constructor(grant: string, action: string, members: readonly string[], options?: ErrorOptions) {
    const verb = members.length === 1 ? 'requires' : 'require';
    super(
      'denied',
      `grant ${grant} does not allow '${action}' now: ` +
        `it would stop ${othersIn(members)}, which ${verb} what it is for`,
      options,
    );
    this.members = members;
  }
}
/** Names in a sentence, the first `mostCount` of them. */
export const listed = (names: readonly string[], mostCount: number): string => {
  const moreCount = names.length - mostCount;
  const shown = names.slice(0, mostCount).join(', ');
  return moreCount > 0 ? `${shown} and ${moreCount} more` : shown;
};
/** Members for whoever must not know them. */
export const othersIn = ({ length }: readonly string[]): string =>
  length === 1 ? 'another member' : `${length} other members`;

/** What was asked for leads through a door that this shepherd does not have. */
export const noSuchWay = (way: NamedWay): Refused =>
  new Refused(`this shepherd ${lacking[way]} at its next start`);
const lacking: Readonly<Record<NamedWay, string>> = {
  local:
    "has no socket for other users of its machine; listen: { unix: 'shared' } in its configuration makes one",
  websocket:
    'does not listen for WebSockets; listen: { websocket: { host, port, tls } } in its configuration has it do that',
};

/** What was asked for leads through a door that does not open for now. Holders may ask: why has paths and places. */
export const doorShut = (transport: string): Refused =>
  new Refused(
    `the door of this shepherd for ${transport} is shut, and tried again by itself; 'herd status root' there says why`,
  );
