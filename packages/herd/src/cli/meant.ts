/**
 * What somebody may have meant by a name that leads nowhere: the closest of those that the asker may
 * see. Looked up once something has failed, so it is asked briefly and never complains.
 */
import { closest, rootActions } from '@bellwether/shepherd';
import { completionDialMs, completionProbeMs } from '../client/limits.ts';
import { codeIn } from '../client/errors.ts';
import { placesOf } from '../client/place.ts';
import { petnamesIn } from './complete/complete.ts';
import { type Context, isPetnameWord, withRoot, withService } from './context.ts';
import { actionRules } from './grammar/grammar.ts';
import { type Invocation, isRootName } from './grammar/invocation.ts';

/** The word that may have been meant in the place of the one that an error is about, if any is close. */
export const wordMeant = async (
  error: unknown,
  invocation: Invocation,
  context: Context,
): Promise<string | undefined> => {
  const named = serviceIn(invocation);
  if (named === undefined) return undefined;
  switch (codeIn(error)) {
    case 'unknown-service':
      return isPetnameWord(named) ? undefined : closest(named, await servicesFor(context));
    case 'unknown-ref':
      return closest(named, petnamesFor(named, context));
    case 'unknown-action':
      return invocation.kind === 'perform'
        ? closest(invocation.command.action, await actionsOf(context, named))
        : undefined;
    default:
      return undefined;
  }
};

/** What stands in the place of the SERVICE, or of the PETNAME. */
const serviceIn = (invocation: Invocation): string | undefined => {
  if (invocation.kind === 'perform') return invocation.command.service;
  if (invocation.kind !== 'own') return undefined;
  const usage = actionRules.get(invocation.action)?.usage ?? '';
  if (usage.includes('@PETNAME')) return invocation.words.find(isPetnameWord);
  return /^\[?(SERVICE|PETNAME)/.test(usage) ? invocation.words[0] : undefined;
};

const patience = { waitMs: completionDialMs };

const servicesFor = (context: Context): Promise<readonly string[]> =>
  orNone(
    withRoot(context, async (root) =>
      (await root.glance(completionProbeMs, patience)).flatMap(({ provision }) => provision),
    ),
  );

const petnamesFor = (named: string, { terminal }: Context): readonly string[] => {
  const petnames = petnamesIn(placesOf(terminal).refs);
  return isPetnameWord(named) ? petnames.map((petname) => `@${petname}`) : petnames;
};

/** Its own before herd's, which every service has. */
const actionsOf = async (context: Context, service: string): Promise<readonly string[]> => {
  if (isRootName(service)) return rootActions.map(({ name }) => name);
  const own = await orNone(
    withService(context, service, async (client) =>
      (await client.status(completionProbeMs, patience)).actions.map(({ name }) => name),
    ),
  );
  return [...own, ...actionRules.keys()];
};

/** It has gone wrong already, and that is what will be told. */
const orNone = (found: Promise<readonly string[]>): Promise<readonly string[]> =>
  found.catch(() => []);
