/** Grants as `herd` asks about them: at a local root, or through a ref about what was made out of it. */
import { FLEET_LIMITS } from '@bellwether/fleet';
import type {
  Allowed,
  GrantClock,
  GrantFacts,
  GrantSpec,
  MadeDirect,
  MadeGrant,
  TakenBack,
  WhoCan,
} from '@bellwether/fleet';
import {
  allowedIn,
  clockIn,
  directIn,
  grantedIn,
  idsIn,
  pageIn,
  revokedIn,
  whoCanIn,
} from './grant-answers.ts';
import { BadAnswer } from './answers.ts';
import { ask, given } from './ask.ts';
import type { Line, Patience } from './line.ts';

/** How a grant is taken back. */
export interface Revoking {
  readonly reason: string | undefined;
  /** Hosts that the shepherd has lost its ref to count as told. */
  readonly isForced: boolean;
}
/** What both offer. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface GrantClient {
  /** The invite in the answer is a secret. */
  grant(spec: GrantSpec, patience: Patience): Promise<MadeGrant>;
  grants(patience: Patience): Promise<readonly GrantFacts[]>;
  /** The answer has all that ended with it. */
  revoke(id: string, how: Revoking, patience: Patience): Promise<TakenBack>;
}
/** What a ref offers beside its service. */
export interface HeldClient extends GrantClient {
  allows(patience: Patience): Promise<Allowed>;
}
/** What a local root offers beside. */
export interface OwnerClient extends GrantClient {
  /** The invites in the answer are secrets. */
  grantDirect(
    spec: GrantSpec,
    leaseMs: number | undefined,
    patience: Patience,
  ): Promise<MadeDirect>;
  /** None named: all that wait for it. The answer has those that hold again. */
  confirm(
    ids: readonly string[],
    isForced: boolean,
    patience: Patience,
  ): Promise<readonly string[]>;
  clock(isTakenBack: boolean, patience: Patience): Promise<GrantClock>;
  whoCan(action: string, service: string, patience: Patience): Promise<WhoCan>;
}

/** Asks over a line to a facet of a service. The line stays the caller's. */
export const heldClient = (line: Line): HeldClient => ({
  ...grantClient(line),
  allows: (patience) => ask(line, 'allows', [], patience, allowedIn),
});

/** Asks over a line to a local root. The line stays the caller's. */
export const ownerClient = (line: Line): OwnerClient => ({
  ...grantClient(line),
  grantDirect: (spec, leaseMs, patience) =>
    ask(line, 'grant-direct', given(spec, leaseMs), patience, directIn),
  confirm: (ids, isForced, patience) =>
    ask(line, 'confirm-grants', [ids, isForced], patience, idsIn),
  clock: (isTakenBack, patience) => ask(line, 'grant-clock', [isTakenBack], patience, clockIn),
  whoCan: (action, service, patience) =>
    ask(line, 'who-can', [action, service], patience, whoCanIn),
});

const grantClient = (line: Line): GrantClient => ({
  grant: (spec, patience) => ask(line, 'grant', [spec], patience, grantedIn),
  grants: (patience) => allGrants(line, patience),
  revoke: (id, { reason, isForced }, patience) => {
    // The third argument is the force: an empty reason is none.
    const args = isForced ? [id, reason ?? '', true] : given(id, reason);
    return ask(line, 'revoke-grant', args, patience, revokedIn);
  },
});

/** Page by page; a host that has no end is not waited for. */
const allGrants = async (line: Line, patience: Patience): Promise<readonly GrantFacts[]> => {
  const found: GrantFacts[] = [];
  let after: string | undefined;
  do {
    const page = await ask(line, 'grants', given(after), patience, pageIn);
    found.push(...page.grants);
    after = page.grants.length === 0 ? undefined : page.next;
    if (found.length > FLEET_LIMITS.grantAskedCount)
      throw new BadAnswer(`grants: more than ${FLEET_LIMITS.grantAskedCount}`);
  } while (after !== undefined);
  return found;
};
