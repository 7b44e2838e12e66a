/**
 * The `^homes`: the controllers that a machine has joined, or is about to.
 *
 *     joining   the door lies in a file, then the record is there ──► at each contact: a fresh gift, kept, then sent
 *        │        refused: forgotten, as if nobody had tried        no answer: goes on by itself, over restarts
 *     joined    at each contact, and when the configuration changes: what there is to give
 *        │        no gift there: a fresh one       refused: told to whoever looks, tried again; too often: by itself
 *        │        no room on a disk, here or there: the same, also while it is joining
 *        ├─ leave: what was given is taken back, durably; then the controller is told, if it is there
 *        └─ removed by the controller: the same
 *
 * A machine gives what it chose, runs alone, and keeps contact by the redial rules of every reference. Of a gift its
 * hash alone is kept.
 */
import {
  codeOf,
  fateOf,
  Limit,
  messageOf,
  reasonOf,
  Refused,
  TimedOut,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { hexOf, Unconfirmed } from '@bellwether/authority';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { BadRequest, canonicalText, Conflict, localRoot } from '@bellwether/shepherd';
import { Malformed } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Destination } from '../reach/destination.ts';
import { makeLiveRef, type ContactFollower } from '../reach/live-ref.ts';
import { isNoGift, noRoomThere, toldToJoiner } from './errors.ts';
import { randomBytes } from '../random.ts';
import { counted } from '../rate.ts';
import { makeGift } from './gift.ts';
import { markOf } from './gifts.ts';
import {
  auditHome,
  changeHome,
  doorTo,
  givenTo,
  homeFacts,
  homeOfGift,
  isHeldBack,
  keepHome,
  onlyDialsOut,
  type Home,
  type HomeShelf,
  type HomesOptions,
} from './home-shelf.ts';
import { fingerprintOf } from './node-shelf.ts';
import { choosing, homeCalled } from './choosing.ts';
import { callBack, serve } from './serving.ts';
import { readAnswer } from './read.ts';
import type {
  HomeEntry,
  HomeFacts,
  Homes,
  JoinSpec,
  Joined,
  NodeSelf,
  UnhomedEntry,
  NodeDoor,
} from './types.ts';

/** Makes it out of the records of earlier lives. */
export const makeHomes = (
  turn: Turn<Homes>,
  _bcom: Bcom<Homes>,
  options: HomesOptions,
): Behavior<Homes> => {
  const shelf: HomeShelf = { ...options, homes: turn.map(), regivings: turn.map() };
  const callCounts = turn.map<string, number>();
  for (const each of strayDoors(options)) drop(shelf, turn, each);
  for (const entry of options.records) {
    const home = enter(shelf, turn, entry, undefined);
    const isLost = !options.doorsAtFirst.includes(entry.designator);
    // Whoever had asked for it is gone; or it was left, and an older backup knows nothing of that.
    if (isLost || !isBegun(entry)) partWith(shelf, turn, home, 'join', 'there is no way to it');
  }
  return {
    join: (turn, uri, spec) => join(shelf, turn, uri, spec),
    give: (turn, spec, home) => give(shelf, turn, spec, home),
    leave: (turn, home, isDryRun) => leave(shelf, turn, home, isDryRun === true),
    key: () => shelf.designator,
    list: (turn) => [...shelf.homes.values()].map((home) => homeFacts(shelf, turn, home)),
    confirm: (turn) => confirm(shelf, turn),
    find: (turn, hash, sinceMs) =>
      homeOfGift(shelf, hash) === undefined
        ? undefined
        : turn.spawn(makeGift, { homes: turn.self, hash, sinceMs }),
    serve: (turn, gift, name, sinceMs) => serve(shelf, turn, gift, name, sinceMs),
    callBack: (turn, gift, name, token) => callBack(shelf, callCounts, turn, { gift, name, token }),
    ended: (turn, gift) => {
      const home = homeOfGift(shelf, gift);
      if (home !== undefined)
        partWith(shelf, turn, home, 'rm', 'its controller has removed this machine');
      return turn.kept(undefined);
    },
    changed: (turn) => {
      for (const { entry, door } of [...shelf.homes.values()])
        if (door !== undefined) speak(shelf, turn, entry.designator, door, needsGift(entry));
    },
    reached: (turn, designator, door) => {
      const home = changeHome(shelf, designator, { door, trouble: undefined });
      if (home !== undefined) speak(shelf, turn, designator, door, needsGift(home.entry));
    },
    missed: (turn, designator, reason) => missed(shelf, turn, designator, reason),
  };
};

/** Of controllers that were left, or never joined, when a life ended. */
const strayDoors = ({ records, doorsAtFirst }: HomesOptions): readonly string[] =>
  doorsAtFirst.filter((each) => records.every(({ designator }) => designator !== each));

/** From now on there is contact, as far as there can be. */
const enter = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  entry: HomeEntry,
  waiting: Home['waiting'],
): Home => {
  const { dial, peers, entropy, clock } = shelf;
  const { designator } = entry;
  const petname = doorTo(designator);
  const called = entry.controller ?? 'the controller';
  const way = turn.spawn(makeLiveRef, { petname, called, dial, peers, entropy, clock });
  const home: Home = { entry, way, door: undefined, trouble: undefined, isLater: false, waiting };
  shelf.homes.set(designator, home);
  turn.call(way, 'follow', turn.spawn(makeHomeContact, turn.self, designator));
  return home;
};
const makeHomeContact = (
  _turn: Turn<ContactFollower>,
  _bcom: Bcom<ContactFollower>,
  homes: Ref<Pick<Homes, 'reached' | 'missed'>>,
  designator: string,
): Behavior<ContactFollower> => ({
  found: (turn, door: Ref) => turn.tell(homes, 'reached', designator, door as Ref<NodeDoor>),
  missed: (turn, reason) => turn.tell(homes, 'missed', designator, reason),
});

const join = (shelf: HomeShelf, turn: Turn<Homes>, uri: string, spec: JoinSpec): Vow<HomeFacts> => {
  const door = doorIn(shelf, uri);
  const { designator } = door.peer;
  if (designator === shelf.designator)
    throw new BadRequest('join: this is an invite of this shepherd itself, for another machine');
  const known = shelf.homes.get(designator);
  if (known !== undefined && isHeldBack(shelf, known.entry))
    throw new Unconfirmed(fingerprintOf(designator));
  const hash = hexOf(shelf.crypto.sha256(door.reveal()));
  const isAgain = known?.entry.door === hash;
  const before = isAgain ? known.entry : fresh(shelf, designator, hash);
  const entry = choosing(shelf, turn, before, spec);
  if (known === undefined && hasTooMany(shelf)) throw tooMany();
  if (isAgain) return begin(shelf, turn, entry);
  // Whatever came of another invite, the way by this one would be lost.
  if (known?.entry.isJoined === true)
    throw new Conflict(
      `this machine has joined that controller already, as ${known.entry.name ?? '?'}; 'shepherd leave' first`,
    );
  const kept = turn.ask<Destination>((answer) => shelf.doors.keep(door, answer));
  return turn.when(kept, (turn, destination) => {
    // Others may have been joined meanwhile.
    if (!shelf.homes.has(designator) && hasTooMany(shelf)) {
      const dropped = drop(shelf, turn, designator);
      return turn.when(dropped, (turn): Vow<never> => turn.broken(tooMany()));
    }
    turn.tell(shelf.peers, 'hurry', doorTo(designator), destination);
    return begin(shelf, turn, entry);
  });
};
const hasTooMany = ({ homes }: HomeShelf): boolean => homes.size >= LIMITS.homeCount;
const tooMany = (): Limit =>
  new Limit(`join: this machine has ${LIMITS.homeCount} controllers, it takes no more`);
const fresh = ({ clock, rightsEpoch }: HomeShelf, designator: string, door: string): HomeEntry => ({
  kind: 'home',
  designator,
  door,
  gift: '',
  madeMs: Math.floor(clock.wall()),
  epoch: rightsEpoch.now,
  isJoined: false,
});
/** Says nothing of what it found: it is a secret, or one that was mistyped. */
const doorIn = ({ transports }: HomeShelf, uri: unknown): Sturdyref => {
  if (typeof uri !== 'string' || uri.length > LIMITS.uriLength)
    throw new Malformed(`uri: expected at most ${LIMITS.uriLength} characters`);
  const door = parseUri(uri);
  if (door instanceof Sturdyref && transports.includes(door.peer.transport)) return door;
  throw new BadRequest('join: this is no invite to join: it leads to no controller on a network');
};
const give = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  spec: JoinSpec,
  said: string | undefined,
): Vow<HomeFacts> => {
  const { entry, door, waiting } = homeCalled(shelf, said);
  if (isHeldBack(shelf, entry)) throw new Unconfirmed(fingerprintOf(entry.designator));
  const next = choosing(shelf, turn, entry, spec);
  if (entry.gift !== next.gift) turn.call(shelf.giving, 'takeBack', entry.gift, 'less is given');
  keepHome(shelf, turn, next);
  shelf.regivings.delete(next.designator);
  auditHome(turn, 'granted', 'give', next);
  if (door !== undefined && waiting === undefined)
    speak(shelf, turn, next.designator, door, needsGift(next));
  return turn.kept(homeFacts(shelf, turn, homeCalled(shelf, entry.designator)));
};
/** Also where less is given than before: what it had is good for nothing then. */
const needsGift = ({ isJoined, gift }: HomeEntry): boolean => !isJoined || gift === '';

/** It is on the disk before the controller hears of it, and whoever asked is told what comes of it. */
const begin = (shelf: HomeShelf, turn: Turn<Homes>, entry: HomeEntry): Vow<HomeFacts> => {
  const { designator } = entry;
  const known = shelf.homes.get(designator);
  if (known !== undefined) {
    turn.call(known.way, 'leave');
    const { gift } = known.entry;
    if (gift !== entry.gift) turn.call(shelf.giving, 'takeBack', gift, 'something else is given');
  }
  shelf.regivings.delete(designator);
  const { vow, resolver } = turn.vow<HomeFacts>();
  const { way } = enter(shelf, turn, entry, resolver);
  turn.record(entry);
  auditHome(turn, 'granted', 'join', entry);
  // At once, whatever others have found out about that machine.
  turn.when(turn.call(way, 'reach'), ignored, ignored);
  return turn.when(turn.within(LIMITS.joinMs, vow), same, (turn, reason): Vow<never> => {
    // Somebody may have asked again meanwhile.
    if (shelf.homes.get(designator)?.waiting === resolver)
      changeHome(shelf, designator, { waiting: undefined });
    if (fateOf(reason) !== 'late') return turn.broken(reason);
    return turn.broken(
      new TimedOut(
        'join: the controller has not answered yet; this machine goes on trying by itself',
      ),
    );
  });
};
const ignored = (): void => undefined;
const same = <T>(_turn: Turn<Homes>, value: T): T => value;

/** Says to a controller what there is to give. A gift is on the disk, as its hash, before it is sent. */
const speak = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  designator: string,
  door: Ref<NodeDoor>,
  hasGift: boolean,
): void => {
  const home = shelf.homes.get(designator);
  if (home === undefined || isHeldBack(shelf, home.entry)) return;
  if (!hasGift) return say(shelf, turn, designator, door);
  if (!hasRoom(shelf, turn, home)) return;
  if (!mayGiveAnew(shelf, designator)) {
    changeHome(shelf, designator, { trouble: 'it has asked too often for what it was given' });
    return speakLater(shelf, turn, designator);
  }
  turn.when(randomBytes(turn, shelf.entropy, LIMITS.giftBytes), (turn, swissnum) => {
    const entry = shelf.homes.get(designator)?.entry;
    if (entry === undefined) return;
    if (entry.gift !== '') turn.call(shelf.giving, 'takeBack', entry.gift, 'it was given anew');
    keepHome(shelf, turn, { ...entry, gift: hexOf(shelf.crypto.sha256(swissnum)) });
    say(shelf, turn, designator, door, swissnum);
  });
};
/** Whether the disk has room for what changes. */
const hasRoom = (shelf: HomeShelf, turn: Turn<Homes>, home: Home): boolean => {
  try {
    shelf.checkRoom?.(localRoot);
    return true;
  } catch (error) {
    hindered(shelf, turn, home, reasonOf(error));
    return false;
  }
};
/** It is told to whoever waits, or looks; what passes by itself is tried again. */
const hindered = (shelf: HomeShelf, turn: Turn<Homes>, home: Home, reason: Error): void => {
  const { designator } = home.entry;
  changeHome(shelf, designator, { trouble: messageOf(reason), waiting: undefined });
  if (['limit', 'no-room'].includes(codeOf(reason))) speakLater(shelf, turn, designator);
  settle(home, reason);
};
/** A word of the owner begins the count anew, and what is given for that is the first. */
const mayGiveAnew = ({ regivings, clock }: HomeShelf, designator: string): boolean => {
  const { regiveCount: count, regiveGapMs: gapMs } = LIMITS;
  const clearMs = counted({ count, gapMs }, regivings.get(designator), clock.now());
  if (clearMs !== undefined) regivings.set(designator, clearMs);
  return clearMs !== undefined;
};
/** Once for all that was too often. */
const speakLater = (shelf: HomeShelf, turn: Turn<Homes>, designator: string): void => {
  if (shelf.homes.get(designator)?.isLater !== false) return;
  changeHome(shelf, designator, { isLater: true });
  turn.after(LIMITS.enterGapMs, (turn) => {
    const home = changeHome(shelf, designator, { isLater: false });
    if (home?.door) speak(shelf, turn, designator, home.door, needsGift(home.entry));
  });
};
const say = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  designator: string,
  door: Ref<NodeDoor>,
  gift?: Uint8Array,
): void => {
  const entry = shelf.homes.get(designator)?.entry;
  if (entry === undefined) return;
  const self: NodeSelf = {
    services: givenTo(shelf, turn, entry),
    ...(onlyDialsOut(shelf, entry) && { isDialOut: true }),
    ...(gift === undefined && { gift: markOf(entry.gift) }),
  };
  const answer = turn.send(door, 'enter', self, ...(gift === undefined ? [] : [gift]));
  turn.when(
    turn.when(answer, (_turn, value) => readAnswer(value, 'join')),
    (turn, joined) => answered(shelf, turn, designator, joined),
    (turn, reason) => refused(shelf, turn, designator, door, gift !== undefined, reason),
  );
};

const answered = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  designator: string,
  joined: Joined,
): void => {
  const home = shelf.homes.get(designator);
  if (home === undefined) return;
  if (joined.state === 'removed') {
    settle(home, new Refused('join: the controller has removed this machine'));
    partWith(shelf, turn, home, 'rm', 'its controller has removed this machine');
    return;
  }
  const { name, controller, labels } = joined;
  const entry: HomeEntry = { ...home.entry, isJoined: true, name, controller, labels };
  if (canonicalText(entry) !== canonicalText(home.entry)) {
    if (!hasRoom(shelf, turn, home)) return;
    keepHome(shelf, turn, entry);
  }
  const now = changeHome(shelf, designator, { trouble: undefined, waiting: undefined });
  if (now !== undefined) home.waiting?.kept(homeFacts(shelf, turn, now));
};
const settle = ({ waiting }: Home, reason: Error): void => waiting?.broken(reason);

/** What was sent may have arrived where the session ended: the next contact tells. */
const refused = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  designator: string,
  door: Ref<NodeDoor>,
  hadGift: boolean,
  reason: Error,
): void => {
  const home = shelf.homes.get(designator);
  if (home === undefined || fateOf(reason) !== 'refused') return;
  if (isNoGift(codeOf(reason)) && !hadGift) return speak(shelf, turn, designator, door, true);
  if (home.entry.isJoined || codeOf(reason) === 'no-room')
    return hindered(shelf, turn, home, noRoomThere(reason));
  // Its words are for whoever asked: what is written down here is not for it to say.
  partWith(shelf, turn, home, 'join', 'its controller has refused this machine');
  settle(home, toldToJoiner(reason));
};

/** What was never begun is forgotten, and whoever asked tries again; the rest goes on by itself. */
const missed = (shelf: HomeShelf, turn: Turn<Homes>, designator: string, reason: Error): void => {
  const home = changeHome(shelf, designator, { door: undefined, trouble: messageOf(reason) });
  if (home === undefined) return;
  const { entry, waiting } = home;
  if (waiting !== undefined && !isBegun(entry))
    partWith(shelf, turn, home, 'join', 'there is no way to it');
  waiting?.broken(reason);
};
/** Whether the controller may have heard of it. */
const isBegun = ({ isJoined, gift }: HomeEntry): boolean => isJoined || gift !== '';

const leave = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  said: string | undefined,
  isDryRun: boolean,
): Vow<HomeFacts> => {
  const home = homeCalled(shelf, said);
  const facts = homeFacts(shelf, turn, home);
  if (isDryRun) return turn.kept(facts);
  settle(home, new Refused('join: this machine has left its controller before that has answered'));
  const told = partWith(shelf, turn, home, 'leave', 'this machine has left its controller');
  return turn.when(told, (): HomeFacts => facts);
};

/** First what was given is taken back, then the controller hears of it, then the way there is forgotten. */
const partWith = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  { entry, way, door }: Home,
  action: string,
  why: string,
): Vow<void> => {
  const { designator, gift } = entry;
  shelf.homes.delete(designator);
  shelf.regivings.delete(designator);
  turn.record({ kind: 'unhomed', designator } satisfies UnhomedEntry);
  const by = action === 'leave' ? 'root' : fingerprintOf(designator);
  auditHome(turn, 'revoked', action, entry, by);
  if (gift !== '') turn.call(shelf.giving, 'takeBack', gift, why);
  const isWorthSaying = action !== 'join' && door !== undefined;
  const told = isWorthSaying ? turn.send(door, 'leave') : turn.kept(undefined);
  const over = (turn: Turn<Homes>): Vow<void> => {
    turn.call(way, 'leave');
    return drop(shelf, turn, designator);
  };
  return turn.when(turn.within(LIMITS.partMs, told), over, over);
};
const drop = (shelf: HomeShelf, turn: Turn<Homes>, designator: string): Vow<void> =>
  shelf.homes.has(designator)
    ? turn.kept(undefined)
    : turn.when(
        turn.ask((answer) => shelf.doors.drop(designator, answer)),
        ignored,
      );

const confirm = (shelf: HomeShelf, turn: Turn<Homes>): void => {
  for (const { entry, door } of [...shelf.homes.values()]) {
    if (!isHeldBack(shelf, entry)) continue;
    keepHome(shelf, turn, { ...entry, epoch: shelf.rightsEpoch.now });
    auditHome(turn, 'confirmed', 'home', entry);
    if (door !== undefined) speak(shelf, turn, entry.designator, door, needsGift(entry));
  }
};
