/** What a reference of one's own allows: asked before somebody is told to type what would be refused. */
import { lookMs } from '../../client/limits.ts';
import { heldClient } from '../../client/grants.ts';
import { closing, isPetnameWord, patienceOf, type Context } from '../context.ts';
import type { Allowance } from '../format/disabled.ts';

/** Whether whoever has this name for a service may enable it: the owner may; what a petname leads to says it. */
export const mayEnable = async (context: Context, service: string): Promise<Allowance> => {
  if (!isPetnameWord(service)) return true;
  try {
    const line = await context.connections.petname(service);
    const patience = patienceOf(context, lookMs);
    const allowed = await closing(line, (line) => heldClient(line).allows(patience));
    return allowed.kind === 'everything' || allowed.grant.actions.includes('enable');
  } catch {
    // It is for an advice alone: what was asked for has been told.
    return 'unknown';
  }
};
