/**
 * A service that is described anew. Its names, its labels, what it requires and what is done when it fails are the
 * shepherd's affair and change at once, for all services together; so does how much is kept of its log. How it is run
 * (its command, how it is stopped, asked for readiness, respawned, its actions and what is said of it) stays what its
 * process was started with, and is replaced when there is none: as in GNU Shepherd, at the next stop, restart or death.
 *
 *     it is        the new description
 *     at rest      is taken at once
 *     up           is kept, and taken with the end of the process; one that says the same changes nothing
 */
import type { Turn } from '@bellwether/actors';
import { canonicalText, digestOf } from '../digest.ts';
import { noteBesides } from './besides.ts';
import { isDown, runOf, stateOf, takeLatest, touch, type ServiceHeld } from './service-state.ts';
import { scheduleOf } from './timing.ts';
import type { ServiceConfig } from '../words/types.ts';

/** Takes a description, or keeps it until the process of the old one has ended. */
export const revise = (held: ServiceHeld, turn: Turn, next: ServiceConfig): void => {
  const { provision, requirement, isAutoStarted, labels, log = {}, terms, onFailure } = next;
  held.latest.set(next);
  if (next.timer !== undefined) scheduleOf(held, turn);
  const isSame = runs(held.config.get()) === runs(next) && isMadeFrom(held, next);
  noteBesides(held, { isReplaced: isSame ? undefined : true });
  if (isSame || isDown(stateOf(held))) takeLatest(held, turn);
  else {
    const { labels: _labels, terms: _terms, onFailure: _hooks, ...kept } = held.config.get();
    const said = {
      ...(labels !== undefined && { labels }),
      ...(terms !== undefined && { terms }),
      ...(onFailure !== undefined && { onFailure }),
    };
    held.config.set({ ...kept, provision, requirement, isAutoStarted, ...said, log });
  }
  turn.effect(() => held.logFiles.bound(held.name, log));
  touch(held, turn);
};

/** Notes whether a process that outlived the daemon is what this one would start. */
export const noteAdopted = (held: ServiceHeld): void => {
  const isSame = isMadeFrom(held, held.latest.get());
  noteBesides(held, { isReplaced: isSame ? undefined : true });
};

/** An adopted process says itself what it was made from, where its record does. */
const isMadeFrom = (held: ServiceHeld, { start, connection }: ServiceConfig): boolean => {
  // It is never started again.
  if (connection !== undefined) return true;
  const { madeFrom } = runOf(stateOf(held)) ?? held.besides.get().remains ?? {};
  return madeFrom === undefined || madeFrom === digestOf(start);
};

/** How a service is run, as one text. */
const runs = (config: ServiceConfig): string => {
  const {
    provision: _names,
    requirement: _needs,
    terms: _terms,
    onFailure: _hooks,
    isAutoStarted: _wanted,
    labels: _labels,
    log: _log,
    ...rest
  } = config;
  return canonicalText(rest);
};
