/** Whose hosts a grant can be made at. */
import { BadRequest } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { PlannedService } from '../planned.ts';

/** A service elsewhere, and the controller's own ref to it. */
export interface DirectMember {
  readonly member: string;
  readonly petname: string;
}

/**
 * The members of a fleet, or those that are chosen; a service elsewhere is one by itself. What a member is at its own
 * host is that host's affair: a fleet there is granted as fleets are. @throws BadRequest
 */
export const directMembers = (
  planned: readonly PlannedService[],
  service: string,
  chosen: readonly string[] | undefined,
): readonly DirectMember[] => {
  const byName = new Map(planned.map((one) => [nameOf(one), one]));
  const found = byName.get(service);
  if (found === undefined || 'config' in found) throw here(service);
  const all = found.kind === 'fleet' ? found.spec.members : [service];
  const stranger = chosen?.find((each) => !all.includes(each));
  if (stranger !== undefined) throw new BadRequest(`'${stranger}' is no member of '${service}'`);
  const wanted = chosen ?? all;
  if (wanted.length > LIMITS.directPartCount)
    throw new BadRequest(
      `'${service}' has ${wanted.length} members, and a direct grant is made at ` +
        `${LIMITS.directPartCount} hosts at most: choose some`,
    );
  return wanted.map((member) => memberOf(byName.get(member), member));
};

const nameOf = (one: PlannedService): string =>
  ('config' in one ? one.config : one.spec).provision[0];

const memberOf = (one: PlannedService | undefined, member: string): DirectMember => {
  if (one?.kind === 'exported') return { member, petname: one.spec.petname };
  if (one?.kind !== 'fleet') throw here(member);
  throw new BadRequest(
    `'${member}' is a fleet of this shepherd itself: grant it by itself, or choose the other members`,
  );
};
const here = (service: string): BadRequest =>
  new BadRequest(
    `'${service}' is a service of this shepherd: a grant of it is made here, and needs no controller`,
  );
