/** As whom services run, and what it means where that is the shepherd itself. */
import type { RunAs } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';

/** `user www-data`, `user 1001, group 1001`. */
export const runsAsText = ({ user, group }: RunAs): string => {
  const whom = user === undefined ? "the shepherd's own user" : `user ${user}`;
  return group === undefined ? whom : `${whom}, group ${group}`;
};

/** For who describes such a slot, or lets somebody deploy to it. */
export const ownSlotWarning = (slot: string): readonly string[] =>
  [
    `herd: warning: slot ${slot} runs as the shepherd's own user: whoever may bring and activate a release there`,
    'can do on this machine all that this user can: read admin.ref, use every service, change every release.',
    "'user' in its slot({ … }) gives it another user (the shepherd has to be root for that); 'trust' says whose",
    'releases it takes.',
  ].map(visible);
