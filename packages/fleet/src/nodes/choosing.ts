/** What a machine chooses to give a controller, and which of its controllers somebody means. */
import { Limit, Refused, type Turn } from '@bellwether/actors';
import { BadRequest, cutText, readField } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { givenTo, type Home, type HomeShelf } from './home-shelf.ts';
import { readGiven } from './read.ts';
import type { HomeEntry, JoinSpec } from './types.ts';

/**
 * The record with this choice; what is not said stays as it is there. Where less is given its gift is gone: facets that
 * its controller has would outlast it otherwise. @throws BadRequest, Malformed, Limit
 */
export const choosing = (
  shelf: HomeShelf,
  turn: Turn,
  { services: before, isDialOut: wasDialOut, ...rest }: HomeEntry,
  spec: JoinSpec,
): HomeEntry => {
  const services =
    readField(spec, 'isAll', 'join') === true ? undefined : namesIn(shelf, turn, spec, before);
  checkCount(shelf, turn, services);
  const isDialOut = (readField(spec, 'isDialOut', 'join') ?? wasDialOut) === true;
  return {
    ...rest,
    ...(isLess(before, services) && { gift: '' }),
    ...(services && { services }),
    ...(isDialOut && { isDialOut }),
  };
};
const isLess = (before: HomeEntry['services'], after: HomeEntry['services']): boolean => {
  if (after === undefined) return false;
  const left = new Set(after);
  return before === undefined || before.some((each) => !left.has(each));
};

/** Canonical names of what is said. What was chosen before may not be in the configuration now. */
const namesIn = (
  shelf: HomeShelf,
  turn: Turn,
  spec: JoinSpec,
  before: HomeEntry['services'],
): HomeEntry['services'] => {
  const said = readField(spec, 'services', 'join');
  if (said === undefined) return before;
  const all = new Map(
    givenTo(shelf, turn, {}).flatMap((names) => names.map((each) => [each, names[0]])),
  );
  const names = readGiven(said, 'join.services').map((name) => {
    const canonical = all.get(name);
    if (canonical !== undefined) return canonical;
    throw new BadRequest(
      `join: '${cutText(name, LIMITS.nameLength)}' is no service of the configuration`,
    );
  });
  return [...new Set(names)];
};
const checkCount = (shelf: HomeShelf, turn: Turn, services: HomeEntry['services']): void => {
  if ((services ?? givenTo(shelf, turn, {})).length > LIMITS.givenCount)
    throw new Limit(
      `join: a machine gives ${LIMITS.givenCount} services at most; choose some: --give`,
    );
};

/**
 * The controller of that name, or of that key, of which a beginning does; the only one where nothing is said.
 * @throws Refused for none, BadRequest for several, and for a beginning that anybody could have mistyped
 */
export const homeCalled = ({ homes }: HomeShelf, said: string | undefined): Home => {
  const all = [...homes.values()];
  const found = said === undefined ? all : meant(all, said);
  const [home] = found;
  if (home === undefined)
    throw new Refused(
      said === undefined
        ? 'this machine has joined no controller'
        : 'this machine has joined no such controller; shepherd home lists them',
    );
  if (found.length > 1)
    throw new BadRequest(
      'this machine has several controllers; say which: shepherd home lists them',
    );
  return home;
};
/** What a controller calls itself is its own word: one that takes the key of another as its name is not that. */
const meant = (all: readonly Home[], said: string): readonly Home[] => {
  const key = said.replaceAll('-', '');
  const whole = all.filter(({ entry }) => entry.designator === key);
  if (whole.length > 0) return whole;
  const isLong = key.length >= LIMITS.typedKeyCharacters;
  const hasKey = ({ entry }: Home): boolean => entry.designator.startsWith(key);
  const found = all.filter((home) => home.entry.controller === said || (isLong && hasKey(home)));
  if (found.length === 0 && all.some(hasKey))
    throw new BadRequest(
      `no controller is called '${cutText(said, LIMITS.nameLength)}'; of a key ${LIMITS.typedKeyCharacters} ` +
        `characters ` +
        'at least have to be typed: shepherd home lists them',
    );
  return found;
};
