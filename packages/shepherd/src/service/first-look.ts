/**
 * A look before a service has a process: who answers then is somebody else, another program that has its port, or
 * what is left of its last process.
 *
 *     before its process is started it said     a yes counts
 *     no, or could not be asked                 at once
 *     yes                                       once the process has lived on with it for `livedOnMs`, or for all the
 *                                               time in which it was to become ready; after any no in between, at once
 *
 * Only what anybody could answer in its place is looked at: a URL, a port. A descriptor and a log are the start's
 * own, and of a command nobody knows what its yes stands for, nor how long it takes, which a start would have to wait.
 * Nor is a port that the shepherd listens at for its service: nobody else has that, and the look would be its first
 * visitor. What was adopted is older than any look. Who takes a port between this look and the process is not found.
 */
import type { Answer, Turn, Vow } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { change, say, type Launch, type ServiceHeld, type State } from './service-state.ts';
import type { Ending, Readiness, SocketConfig } from '../words/types.ts';
import { endedWords } from '../words/wording.ts';

/** What anybody could answer. */
type Outside = Extract<Readiness, { readonly kind: 'http' | 'tcp' }>;

/** Looks, where that tells something, and goes on once it was told: at once where not. */
export const lookFirst = (
  held: ServiceHeld,
  turn: Turn,
  launch: Launch,
  ready: Readiness,
  goOn: (turn: Turn) => void,
): void => {
  if (ready.kind !== 'http' && ready.kind !== 'tcp') return goOn(turn);
  if (isOurs(ready, held.config.get().sockets ?? [])) return goOn(turn);
  const firstLook: Vow<boolean> = turn.when(
    turn.ask<boolean>((answer) => look(held, ready, answer)),
    (_turn, said) => said === true,
    () => false,
  );
  change(held, turn, { state: { at: 'spawning', launch: { ...launch, firstLook } } });
  turn.when(turn.within(limits.firstLookMs, firstLook), goOn, goOn);
};

const look = ({ prober }: ServiceHeld, ready: Outside, answer: Answer): void => {
  const attemptMs = Math.min(ready.timeoutMs, limits.attemptMs);
  if (ready.kind === 'http') prober.http(ready.url, attemptMs, answer);
  else prober.tcp(ready.host, ready.port, attemptMs, answer);
};

const isOurs = (ready: Outside, sockets: readonly SocketConfig[]): boolean => {
  const port = portOf(ready);
  return sockets.some(({ place }) => place.family !== 'unix' && place.port === port);
};
const portOf = (ready: Outside): number | undefined => {
  if (ready.kind === 'tcp') return ready.port;
  if (!URL.canParse(ready.url)) return undefined;
  const { port, protocol } = new URL(ready.url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
};

/** Its first look has found somebody: who watches the log learns why it takes longer. */
export const doubt = (
  held: ServiceHeld,
  turn: Turn,
  state: State & { readonly at: 'waking' },
  ready: Readiness,
): void => {
  change(held, turn, { state: { ...state, isDoubted: true } });
  const text =
    `Service ${held.name}: ${targetOf(ready)} answers, and did before its process was started; ` +
    `that counts once the process has lived on for ${limits.livedOnMs / 1_000} s.`;
  say(held, turn, 'service.doubted', { text });
};

/** Why a start failed whose process has ended: for the owner of the machine, and for others. */
export const endedBefore = (
  ending: Ending,
  ready: Readiness,
  isDoubted = false,
): readonly [reason: string, plainReason: string] => {
  const words = `its process ${endedWords(ending)}`;
  if (!isDoubted) return [words, words];
  const found = `${targetOf(ready)} had answered before it was started`;
  return [
    `${words}; ${found}, so that port may be another program's ('ss -ltnp' tells whose)`,
    `${words}; another program may have its port`,
  ];
};

const targetOf = (ready: Readiness): string => {
  if (ready.kind === 'http') return ready.url;
  return ready.kind === 'tcp' ? `${ready.host}:${ready.port}` : 'somebody';
};
