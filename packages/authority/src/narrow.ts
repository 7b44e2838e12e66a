/** Giving on less than one has. What is not said is as in the grant above; what is more than there is refused. */
import { TooWide } from './errors.ts';
import { areWithin } from './globs.ts';
import { globsOf } from './judge.ts';
import type { ArgumentPatterns, GrantRecord, GrantSpec, Rate } from './types.ts';

/** What a grant allows, apart from who has it. */
export type Terms = Pick<
  GrantRecord,
  | 'service'
  | 'actions'
  | 'label'
  | 'expiresMs'
  | 'renewableUntilMs'
  | 'maxUses'
  | 'rate'
  | 'arguments'
  | 'members'
  | 'isLocal'
>;

/** The terms that a spec asks for, where nothing stands above it. */
export const termsOf = (spec: GrantSpec, nowMs: number): Terms => {
  const { lifetimeMs, renewableMs, inviteMs: _invite, ...rest } = spec;
  return {
    ...rest,
    ...(lifetimeMs !== undefined && { expiresMs: nowMs + lifetimeMs }),
    ...(renewableMs !== undefined && { renewableUntilMs: nowMs + renewableMs }),
  };
};

/** The terms of a spec below a grant. @throws TooWide, naming what was asked for beyond it */
export const narrowed = (parent: GrantRecord, spec: GrantSpec, nowMs: number): Terms => {
  const own = termsOf(spec, nowMs);
  if (own.service !== parent.service)
    throw new TooWide(`grant ${parent.id} is to '${parent.service}', not to '${own.service}'`);
  const more = own.actions.filter((action) => !parent.actions.includes(action));
  if (more.length > 0)
    throw new TooWide(`grant ${parent.id} does not allow ${more.join(', ')} itself`);
  return {
    ...own,
    ...least('expiresMs', parent, own, 'does not last as long itself'),
    ...least('maxUses', parent, own, 'is not good for as many operations itself'),
    ...rateWithin(parent, own),
    ...argumentsWithin(parent, own),
    ...membersWithin(parent, own),
  };
};

const least = (
  key: 'expiresMs' | 'maxUses',
  parent: GrantRecord,
  own: Terms,
  words: string,
): Partial<Terms> => {
  const most = parent[key];
  if (most === undefined) return {};
  const asked = own[key] ?? most;
  if (asked > most) throw new TooWide(`grant ${parent.id} ${words}`);
  return { [key]: asked };
};

const rateWithin = (parent: GrantRecord, { rate }: Terms): Partial<Terms> => {
  const most = parent.rate;
  if (most === undefined) return {};
  if (rate === undefined) return { rate: most };
  // Neither more at once nor more in the long run.
  if (rate.count > most.count || perMs(rate) > perMs(most))
    throw new TooWide(`grant ${parent.id} does not allow that rate itself`);
  return { rate };
};
const perMs = ({ count, windowMs }: Rate): number => count / windowMs;

const argumentsWithin = (parent: GrantRecord, own: Terms): Partial<Terms> => {
  const patterns: [string, readonly string[]][] = [];
  for (const action of own.actions) {
    const most = globsOf(parent, action);
    const asked = globsOf(own, action) ?? most;
    if (most !== undefined && asked !== undefined && !areWithin(asked, most))
      throw new TooWide(`grant ${parent.id} does not allow those arguments of '${action}' itself`);
    if (asked !== undefined) patterns.push([action, asked]);
  }
  if (patterns.length === 0) return {};
  const found: ArgumentPatterns = Object.fromEntries(patterns);
  return { arguments: found };
};

const membersWithin = (parent: GrantRecord, { members }: Terms): Partial<Terms> => {
  const most = parent.members;
  if (most === undefined) return {};
  if (members === undefined) return { members: most };
  const more = members.filter((member) => !most.includes(member));
  if (more.length > 0)
    throw new TooWide(`grant ${parent.id} does not reach ${more.join(', ')} itself`);
  return { members };
};
