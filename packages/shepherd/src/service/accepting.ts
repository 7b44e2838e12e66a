/**
 * A service that has a process for each connection, in the manner of inetd: it has none itself.
 *
 *     listen ──► it is up ──► somebody comes ──► there is room: he is given a process of his own ──► who comes next
 *                                           └──► there is none: he is turned away ────────────────► who comes next
 *     stopped, and started again             nobody is accepted meanwhile; who was goes on, and counts
 *
 * One is accepted at a time. Who he is and what is done for him is the shepherd's affair (shepherd/connections.ts),
 * since his process is a service beside this one.
 */
import type { Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { fullness } from './accepted.ts';
import { change, say, stateOf, touch, type ServiceHeld } from './service-state.ts';
import type { Arrival, Unserved } from '../words/types.ts';
import { peerText, placeText } from '../words/socket-types.ts';

/** From now on, until its sockets are closed. */
export const beginAccepting = (held: ServiceHeld, turn: Turn): void => {
  const round = held.accepting.get().round + 1;
  held.accepting.set({ ...held.accepting.get(), round });
  acceptNext(held, turn, round);
};

const acceptNext = (held: ServiceHeld, turn: Turn, round: number): void => {
  if (!isAccepting(held, round)) return;
  turn.when(
    turn.send(held.monitor, 'connection', held.name),
    (turn, arrival) => {
      if (arrival !== undefined) came(held, turn, arrival, round);
    },
    () => undefined, // they were closed: it is stopped
  );
};
const isAccepting = (held: ServiceHeld, round: number): boolean =>
  stateOf(held).at === 'running' && held.accepting.get().round === round;

const came = (held: ServiceHeld, turn: Turn, arrival: Arrival, round: number): void => {
  const { inetd, start: command, stop } = held.config.get();
  if (inetd === undefined || command === undefined || !isAccepting(held, round))
    return turn.tell(held.monitor, 'drop', arrival.number);
  const full = fullness(held.connections, arrival, inetd);
  if (full !== undefined) {
    turn.tell(held.monitor, 'drop', arrival.number);
    turnedAway(held, turn, arrival, full);
    return acceptNext(held, turn, round);
  }
  const { stem } = inetd;
  const text = `Accepted connection on ${localText(arrival)} from ${peerText(arrival)}.`;
  say(held, turn, 'connection.accepted', { text });
  const connecting = { of: held.name, arrival, stem, command, stop };
  turn.when(
    turn.send(held.attendant, 'connect', connecting),
    (turn, unserved) => {
      noteServed(held, turn, round, unserved);
      acceptNext(held, turn, round);
    },
    (turn, { message: reason }) => {
      turn.tell(held.monitor, 'drop', arrival.number);
      say(held, turn, 'connection.failed', { reason });
      noteServed(held, turn, round, { reason });
      acceptNext(held, turn, round);
    },
  );
};
/** That the last one who came has no process is how the service has failed, until somebody has one again. */
const noteServed = (
  held: ServiceHeld,
  turn: Turn,
  round: number,
  unserved: Unserved | undefined,
): void => {
  if (!isAccepting(held, round)) return;
  if (unserved !== undefined)
    return change(held, turn, { failure: { ...unserved, at: held.clock.wall() } });
  if (held.shown.get().failure !== undefined) change(held, turn, { failure: undefined });
};
const localText = ({ local }: Arrival): string =>
  local === undefined ? 'its socket' : placeText(local);

/** Told once a second: whoever comes again and again is not to fill a disk. */
const turnedAway = (
  held: ServiceHeld,
  turn: Turn,
  arrival: Arrival,
  full: 'all' | 'source',
): void => {
  const { refusedCount: before, toldAtMs, untoldCount, ...rest } = held.accepting.get();
  const now = held.clock.now();
  const isToTell = now - toldAtMs >= limits.refusedToldMs;
  held.accepting.set({
    ...rest,
    refusedCount: before + 1,
    ...(isToTell ? { toldAtMs: now, untoldCount: 0 } : { toldAtMs, untoldCount: untoldCount + 1 }),
  });
  touch(held, turn);
  if (!isToTell) return;
  const of = full === 'all' ? '' : ' from one address';
  const since = untoldCount === 0 ? '' : ` (${untoldCount} more since the last time)`;
  const text =
    `Maximum number of ${localText(arrival)} clients${of} reached; ` +
    `rejecting connection from ${peerText(arrival)}${since}.`;
  say(held, turn, 'connection.refused', { text });
};

/** See LocalService. */
export const connected = (
  held: ServiceHeld,
  turn: Turn,
  name: string,
  source: string | undefined,
): void => {
  held.connections.set(name, source);
  touch(held, turn);
};
/** See LocalService. */
export const disconnected = (held: ServiceHeld, turn: Turn, name: string): void => {
  const { connections } = held;
  if (!connections.delete(name)) return;
  const { size } = connections;
  const text = `${size} ${size === 1 ? 'connection' : 'connections'} still in use after ${name} termination.`;
  say(held, turn, 'connection.ended', { connection: name, openCount: size, text });
  touch(held, turn);
};
