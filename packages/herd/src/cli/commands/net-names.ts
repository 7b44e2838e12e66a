/**
 * Whom a word after `herd net` means. All three commands ask here, and what `herd net` prints is taken, in this order:
 *
 *     s-k7qm2xzf                 the name of a session
 *     web-07, controller Home    what its peer is called: a machine, a controller, a petname, a fingerprint, a key
 *     s-k7q, abcd-efgh           the beginning of a name of a session, of a fingerprint or of a key
 */
import type { NetDial, NetEvent, NetPeer } from '@bellwether/fleet';
import { closest } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { NetView } from '../../client/net.ts';
import { fewNames } from '../format/names.ts';
import { hostFingerprint } from '../format/grant.ts';
import { peerText } from '../format/net.ts';
import { wordsOfGroup } from '../grammar/grammar.ts';
import { Usage } from '../grammar/usage.ts';

/** What can be called by a word: a connection, or a session that has ended and whose peer is not known any more. */
export interface NetPlace {
  readonly session?: string;
  readonly peer?: NetPeer;
}

/** Characters of a beginning: `s-` alone is that of every session. */
const leastBeginning = 3;
/** Names that an error lists: an attacker has as many sessions as he likes. */
const shownNames = 8;

/** The one that a word means. @throws Usage for none, with what is nearest, and for several */
export const calledSo = <T extends NetPlace>(
  places: readonly T[],
  dials: readonly NetDial[],
  word: string,
): T => {
  const found =
    [
      places.filter(({ session }) => session === word),
      places.filter((place) => namesOf(place).includes(word)),
      places.filter((place) => beginsSo(place, word)),
    ].find((some) => some.length > 0) ?? [];
  const [only, another] = found;
  if (only === undefined) throw unknown([...places, ...dials], dials, word);
  if (another === undefined) return only;
  const names = found.map(({ session, peer }) => session ?? textOf(peer));
  throw new Usage(
    `'${word}' is the beginning or the peer of several sessions: ${fewNames(names, shownNames)}`,
    "'herd net --all' says which is which.",
  );
};

/** The session or the message, `s-k7qm2xzf/d17`, that a word means. @throws Usage as `calledSo` */
export const eventsCalledSo = (
  { links, dials }: NetView,
  all: readonly NetEvent[],
  word: string,
): string => {
  const [, name = word, message = ''] = /^(.+)(\/[da]\d+)$/u.exec(word) ?? [];
  const there = new Set(links.map(({ session }) => session));
  const told = new Set(all.flatMap((event) => (event.kind === 'turn' ? [] : [event.session])));
  const ended = [...told].filter((session) => session !== '' && !there.has(session));
  const places: readonly NetPlace[] = [...links, ...ended.map((session) => ({ session }))];
  return `${sessionOf(calledSo(places, dials, name), name)}${message}`;
};

/** The name of a session. @throws Usage where the hello of its peer is missing */
export const sessionOf = ({ session }: NetPlace, word: string): string => {
  if (session === undefined) throw new Usage(`'${word}' has no session yet`);
  return session;
};

const textOf = (peer: NetPeer | undefined): string => visible(peerText(peer ?? {}));
const fingerprintOf = ({ key }: NetPeer): readonly string[] =>
  key === undefined ? [] : [hostFingerprint({ designator: key }), key];
const namesOf = ({ peer }: NetPlace): readonly string[] => {
  if (peer === undefined) return [];
  const { node, controller, petnames = [] } = peer;
  const given = [node, controller].flatMap((name) => (name === undefined ? [] : [name]));
  return [peerText(peer), ...given, ...petnames, ...fingerprintOf(peer)];
};
const beginsSo = ({ session, peer = {} }: NetPlace, word: string): boolean =>
  word.length >= leastBeginning &&
  [...(session === undefined ? [] : [session]), ...fingerprintOf(peer)].some((name) =>
    name.startsWith(word),
  );

const unknown = (places: readonly NetPlace[], dials: readonly NetDial[], word: string): Usage => {
  if (dials.some((dial) => namesOf(dial).includes(word)))
    return new Usage(
      `'${word}' has no session: it is not reached yet`,
      "'herd net' says when it is tried again, and why the last try failed.",
    );
  const names = places.flatMap((place) => [
    ...(place.session === undefined ? [] : [place.session]),
    ...namesOf(place),
  ]);
  const meant =
    word.length < leastBeginning
      ? undefined
      : (closest(word, names) ?? names.find((name) => name.startsWith(word)) ?? commandLike(word));
  return new Usage(
    `there is no session '${word}', and none with a machine, controller, ref or key called so`,
    meant === undefined
      ? "'herd net' lists those that there are."
      : `Did you mean '${visible(meant)}'?`,
  );
};

/** What is typed first after `herd net` may have been meant for one of its commands. */
const commandLike = (word: string): string | undefined => {
  const command = closest(word, wordsOfGroup('net'));
  return command === undefined ? undefined : `herd net ${command}`;
};
