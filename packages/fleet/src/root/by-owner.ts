/**
 * What the owner of a shepherd may ask of all of it, by whichever of his ways: `principal` says which, for the audit
 * and for whose operations they are.
 */
import { codeOf, messageOf, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { audit } from '@bellwether/authority';
import {
  doubted,
  leftFor,
  UnknownService,
  type Asker,
  type Outcome,
  type Principal,
  type Shepherd,
  type Sink,
  type Status,
} from '@bellwether/shepherd';
import type { Composition } from './composition.ts';
import type { Issuing } from '../granted/granter.ts';
import { LIMITS } from '../limits.ts';
import { readStatusNames, readUpTo } from '../read.ts';
import type { Reloaded } from './types.ts';

/**
 * Every service is asked at once; who does not answer in time is unknown, and the rest is told all
 * the same. `isGlance`: what a list shows of one of this machine, so that no log is read.
 * @throws Malformed, UnknownService
 */
export const statuses = (
  shepherd: Ref<Pick<Shepherd, 'names' | 'status' | 'probe' | 'glance'>>,
  turn: Turn,
  names: readonly string[],
  timeoutMs: number,
  asker: Asker,
  isGlance = false,
): Vow<readonly Status[]> => {
  const patienceMs = readUpTo(LIMITS.probeMs)(timeoutMs, 'timeout');
  const all = readStatusNames(names, 'names');
  // A name that is not known refuses the whole question before anything is asked of anybody.
  for (const name of all) turn.call(shepherd, 'status', name);
  const asked = all.length > 0 ? all : turn.call(shepherd, 'names');
  const leftMs = leftFor(patienceMs, 0);
  const question = isGlance ? 'glance' : 'probe';
  const answers = asked.map((name) => turn.send(shepherd, question, name, leftMs, [], asker));
  return orDoubted(turn, patienceMs, answers, (turn, at) =>
    turn.call(shepherd, 'status', asked[at] ?? ''),
  );
};
/**
 * The answers; in place of one that did not come in time what is `known` of it, by its place, as doubted. Who is no
 * service any more is left out.
 */
export const orDoubted = (
  turn: Turn,
  patienceMs: number,
  answers: readonly Vow<Status>[],
  known: (turn: Turn, at: number) => Status,
): Vow<readonly Status[]> =>
  turn.when(turn.allWithin(patienceMs, answers), (turn, settled) =>
    settled.flatMap((one, at) => {
      if (one.kept) return [one.value];
      try {
        return [doubted(known(turn, at), messageOf(one.reason))];
      } catch (error) {
        if (error instanceof UnknownService) return [];
        throw error;
      }
    }),
  );

/** Records that something is asked of the root, before it happens, and how it ended. */
export const auditedAs =
  (principal: Principal) =>
  <T>(
    turn: Turn,
    about: { readonly action: string; readonly label?: string; readonly reason?: string },
    done: Vow<T>,
    resultOf: (value: T) => string = () => 'changed',
  ): Vow<T> => {
    const ofRoot = { asker: principal, service: 'root' } as const;
    audit(turn, { event: 'asked', ...ofRoot, ...about });
    return turn.when(
      done,
      (turn, value): Vow<T> => {
        audit(turn, { event: 'ended', ...ofRoot, ...about, result: resultOf(value) });
        return turn.kept(value);
      },
      (turn, reason): Vow<T> => {
        const code = codeOf(reason);
        audit(turn, { event: 'ended', ...ofRoot, ...about, result: 'failed', code });
        return turn.broken(reason);
      },
    );
  };

/** Has the configuration read again; of a dry run no record is made. */
export const reload = (
  options: Pick<Issuing, 'checkRoom'> & { readonly composition: Ref<Composition> },
  turn: Turn,
  isDryRun: boolean,
  sink: Ref<Sink>,
  principal: Principal,
): Vow<Reloaded> => {
  const done = turn.send(options.composition, 'reload', isDryRun, sink);
  if (isDryRun) return done;
  options.checkRoom?.(principal);
  return auditedAs(principal)(turn, { action: 'reload' }, done, (reloaded) =>
    reloaded.kind === 'refused' ? 'failed' : (reloaded.outcome?.result ?? 'ok'),
  );
};

/** The daemon ends, and leaves its services to the next one; in a turn of its own, after the one that answers. */
export const detach = (
  leave: () => void,
  turn: Turn,
  principal: Principal,
  reason?: string,
): void => {
  const about = { action: 'detach', ...(reason !== undefined && { reason }) };
  audit(turn, { event: 'asked', asker: principal, service: 'root', ...about });
  turn.after(0, (turn) => turn.effect(leave));
};

/**
 * The outcome leaves before the daemon does: the end comes in a turn of its own, after the one that
 * answers.
 */
export const shutDown = (
  options: { readonly shepherd: Ref<Pick<Shepherd, 'shutDown'>>; readonly end: () => void },
  turn: Turn,
  sink: Ref<Sink>,
  principal: Principal,
  reason?: string,
): Vow<Outcome> => {
  const done = turn.send(options.shepherd, 'shutDown', sink);
  const about = { action: 'stop', ...(reason !== undefined && { reason }) };
  const told = auditedAs(principal)(turn, about, done, ({ result }) => result);
  return turn.when(told, (turn, outcome) => {
    turn.after(0, (turn) => turn.effect(options.end));
    return outcome;
  });
};
