/**
 * What a shepherd does by itself when one of its services is lost, is back, or has failed.
 *
 *     a service                           those that require it with this `ifLost`, and run
 *     ends, and nothing brings it back    stop, restart: are stopped
 *     ends, and is started again          restart: are stopped
 *     is up                               restart: what was stopped for it is started, if it is wanted still, and
 *                                         what else it requires is up, or does not come back by itself
 *
 * That is no wish of anybody: what was wished of them stays what it was, and the next life starts what is wanted. Who
 * hangs on those is stopped before them, as ever, and comes back with them.
 *
 *     a service has failed             its hooks, each on its own and all at once: another service is started, a
 *                                      command runs, it is told over HTTP. Five times a minute; beyond that it is
 *                                      written to the log, so that two that start each other come to rest
 */
import type { Turn } from '@bellwether/actors';
import { inOrder } from '../graph.ts';
import { limits } from '../limits.ts';
import { outcomeFor } from '../operation/told/callers.ts';
import { takeUp } from '../operation/commands.ts';
import { operationOf } from '../operation/kept/memory.ts';
import { begin } from '../operation/operation.ts';
import { planAll, planRemoval } from '../operation/plan/plan.ts';
import { timeFor } from '../operation/plan/patience.ts';
import { cutText } from '../text.ts';
import { itself } from '../words/principal.ts';
import { endedWords } from '../words/wording.ts';
import { ownId, ownRequest } from './by-itself.ts';
import { isWanted, type ShepherdHeld } from './shepherd-state.ts';
import type { Command, FailureHook, FailureNotice, Prompting } from '../words/types.ts';

/** See Attendant. */
export const isUp = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const names = held.lost.get(name) ?? [];
  held.lost.delete(name);
  startAgain(held, turn, names, name);
};

/** See Attendant. */
export const isLost = (held: ShepherdHeld, turn: Turn, name: string, comesBack: boolean): void => {
  if (held.isClosing() || held.own(name) === undefined) return;
  const graph = held.graph(turn);
  const bound = graph
    .dependents(name)
    .map((each) => ({ name: each, ifLost: ifLostOf(held, turn, each, name) }))
    .filter((each) => each.ifLost !== undefined && graph.isUp(each.name))
    .filter(({ ifLost }) => ifLost === 'restart' || !comesBack);
  if (bound.length === 0) return;
  const names = bound.map((each) => each.name);
  const steps = planRemoval(names, graph);
  const staying = steps.flatMap(({ kind, name, wish }) =>
    kind === 'ask' && wish === 'start' ? [name] : [],
  );
  for (const each of staying) held.wishes.set(each, { wish: 'start' });
  for (const each of names)
    tellLog(held, turn, 'service.requirement-lost', each, `it requires ${name}, which has ended`);
  const request = ownRequest(
    freshId(held),
    'stop',
    { kind: 'requirement-lost', service: name },
    timeFor(held, turn, steps) + limits.turnoverMarginMs,
  );
  const operation = operationOf(held.memory, turn, itself, request.operation);
  begin(held, turn, operation, request, steps);
  const back = bound.flatMap((each) => (each.ifLost === 'restart' ? [each.name] : []));
  if (back.length === 0) return;
  // What is still to be stopped must not be found running by its start.
  turn.when(outcomeFor(held, turn, operation, request, undefined), (turn) => {
    if (held.own(name) === undefined) return;
    const again = [...back, ...staying];
    if (held.graph(turn).isServing(name) === true) startAgain(held, turn, again, name);
    else startAfter(held, name, again);
  });
};
const ifLostOf = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  requirement: string,
): 'stop' | 'restart' | undefined => {
  const terms = held.own(name)?.config.terms ?? {};
  const said = Object.keys(terms).find((each) => held.canonical(turn, each) === requirement);
  return said === undefined ? undefined : terms[said]?.ifLost;
};

const startAfter = (held: ShepherdHeld, name: string, names: readonly string[]): void =>
  held.lost.set(name, [...new Set([...(held.lost.get(name) ?? []), ...names])]);

/**
 * Whose other requirements are to be started again by themselves waits for those, too: a start would begin to count
 * their respawns anew, and two that die again and again would keep each other from being disabled.
 */
const startAgain = (
  held: ShepherdHeld,
  turn: Turn,
  names: readonly string[],
  back: string,
): void => {
  if (held.isClosing()) return;
  const { requirements } = held.graph(turn);
  const wanted = names.filter((name) => held.own(name) !== undefined && isWanted(held, name));
  const ready = wanted.filter((name) => {
    const missing = inOrder([name], requirements).find((each) => comesBack(held, turn, each));
    if (missing !== undefined) startAfter(held, missing, [name]);
    return missing === undefined;
  });
  startAll(held, turn, ready, { kind: 'requirement-back', service: back });
};
const comesBack = (held: ShepherdHeld, turn: Turn, name: string): boolean => {
  const own = held.own(name);
  return own !== undefined && turn.call(own.service, 'status').isRespawning === true;
};
const startAll = (
  held: ShepherdHeld,
  turn: Turn,
  names: readonly string[],
  prompting: Prompting,
): void => {
  if (names.length === 0) return;
  const request = ownRequest(freshId(held), 'start', prompting);
  const operation = operationOf(held.memory, turn, itself, request.operation);
  takeUp(held, turn, operation, request, planAll({ action: 'start', names }, held.graph(turn)));
};
const freshId = (held: ShepherdHeld): string => {
  const count = held.attendCount.get() + 1;
  held.attendCount.set(count);
  return ownId(held, `attend-${count}`);
};

/** See Attendant. */
export const hasFailed = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  failure: FailureNotice,
): void => {
  const hooks = held.own(name)?.config.onFailure ?? [];
  if (hooks.length === 0 || held.isClosing()) return;
  const now = held.clock.now();
  const recent = (held.hooked.get(name) ?? []).filter((at) => now - at < limits.hookWindowMs);
  if (recent.length >= limits.hookCount)
    return tellLog(held, turn, 'service.hooks-skipped', name, 'it has failed too often lately');
  held.hooked.set(name, [...recent, now]);
  for (const hook of hooks) carryOut(held, turn, name, hook, failure);
};

const carryOut = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  hook: FailureHook,
  { what, reason: whole }: FailureNotice,
): void => {
  const reason = cutText(whole, limits.refusalCharacters);
  switch (hook.kind) {
    case 'start': {
      const service = held.canonical(turn, hook.service);
      if (service === undefined || held.own(service) === undefined)
        return hookFailed(held, turn, name, `there is no service ${hook.service} here`);
      tellLog(held, turn, 'service.hooked', name, `it has failed, so ${service} is started`);
      return startAll(held, turn, [service], { kind: 'failure-hook', service: name });
    }
    case 'command': {
      const facts = {
        BELLWETHER_SERVICE: name,
        BELLWETHER_NODE: held.name,
        BELLWETHER_FAILURE: what,
        BELLWETHER_REASON: reason,
      };
      const command: Command = { ...hook.command, env: { ...hook.command.env, ...facts } };
      const answer = turn.send(held.monitor, 'runToEnd', name, command, limits.hookMs);
      return void turn.when(
        answer,
        (turn, { output, ...ending }) => {
          if (ending.code === 0) return;
          hookFailed(held, turn, name, `its command ${endedWords(ending)}`, output);
        },
        (turn, error) => hookFailed(held, turn, name, error.message),
      );
    }
    case 'webhook': {
      const { webhooks } = held;
      if (webhooks === undefined)
        return hookFailed(held, turn, name, 'this shepherd tells nobody over HTTP');
      const at = new Date(held.clock.wall()).toISOString();
      const json = JSON.stringify({ node: held.name, service: name, failure: what, reason, at });
      const answer = turn.ask<number>((answer) =>
        webhooks.post(hook.url, json, limits.webhookMs, answer),
      );
      return void turn.when(
        answer,
        (turn, status) => {
          if (status < 200 || status > 299)
            hookFailed(held, turn, name, `${hostOf(hook.url)} has answered with ${status}`);
        },
        (turn, error) => hookFailed(held, turn, name, `${hostOf(hook.url)}: ${error.message}`),
      );
    }
  }
};
/** The rest of such a URL is often a secret. */
const hostOf = (url: string): string => /^https?:\/\/[^/\\?#]*/.exec(url)?.[0] ?? 'its URL';

/** With the last lines of what a command has said. */
const hookFailed = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  why: string,
  said: readonly string[] = [],
): void => {
  const what = `what is done about its failure did not work: ${cutText(why, limits.refusalCharacters)}`;
  tellLog(held, turn, 'service.hook-failed', name, what, said.slice(-limits.recentLineCount));
};

const tellLog = (
  held: ShepherdHeld,
  turn: Turn,
  event: string,
  service: string,
  what: string,
  output: readonly string[] = [],
): void => {
  const text = `Service ${service}: ${what}.`;
  turn.effect(() => held.log(event, { service, text, ...(output.length > 0 && { output }) }));
};
