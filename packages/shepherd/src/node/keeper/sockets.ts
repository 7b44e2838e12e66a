/**
 * Sockets that the keeper holds for services. It has them from LISTEN to CLOSE, whatever becomes of the service and of
 * this daemon; what is said here once is said again whenever the keeper was away.
 *
 *     listen ──► LISTEN each ──► LISTENING each ──► kept
 *                   ▲    │ REFUSED, the place is taken
 *                   └────┘ a second later, so many times; then CLOSE each ──► broken(StartFailed)
 *     connection ──► WATCH each ──► CONNECTION of one ──► kept; others that come meanwhile are kept for the next
 *
 * What the keeper has for nobody is left from an earlier daemon, whose configuration had it: closed after a minute, by
 * when whoever is to run has said so.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getSystemErrorName } from 'node:util';
import type { Answer, Log } from '@bellwether/actors';
import { StartFailed } from '../../errors.ts';
import {
  placeText,
  type Arrival,
  type SocketConfig,
  type SocketHolder,
} from '../../words/socket-types.ts';
import { openFolder } from '../open-folder.ts';
import { explain } from '../program.ts';
import { groupOf, identityOf, type Accounts } from '../users.ts';
import { families, FrameWriter, styles, tags, types } from './protocol.ts';

/** Between two tries to have a place that somebody else has: as of GNU Shepherd. */
const bindPauseMs = 1_000;
/** For which what an earlier daemon had is kept for whoever asks for it: a boot is over by then. */
const socketClaimMs = 60_000;

/** What holding them takes. */
export interface SocketsPowers {
  /** Sends a frame, or drops it where the keeper is away. */
  readonly send: (frame: Buffer) => void;
  readonly accounts: Accounts;
  readonly log: Log;
}
interface Held {
  readonly key: string;
  readonly config: SocketConfig;
  /** What asks for it, again after each loss. */
  readonly frame: Buffer;
  isListening: boolean;
  tryCount: number;
  timer: NodeJS.Timeout | undefined;
}
interface Holding {
  readonly service: string;
  readonly sockets: readonly Held[];
  /** Who waits for all of them to listen. */
  opening: Answer | undefined;
  readonly waiting: Answer[];
  /** Who was accepted while nobody waited, in their order. */
  readonly arrived: Arrival[];
  /** The number of the last one that somebody was given: after a loss he is told once more, where no start has him. */
  given: number | undefined;
}

/** Those of one daemon. */
export class KeptSockets implements SocketHolder {
  readonly #powers: SocketsPowers;
  readonly #holdings: Map<string, Holding>;
  readonly #byKey: Map<string, { readonly holding: Holding; readonly held: Held }>;
  /** With who has come there. */
  readonly #unclaimed: Map<string, Arrival | undefined>;
  /** Services whose sockets are being closed, which of them the keeper still has, and who waits for that. */
  readonly #closing: Map<string, { readonly keys: Set<string>; readonly waiting: Answer[] }>;
  #claimTimer: NodeJS.Timeout | undefined;

  constructor(powers: SocketsPowers) {
    this.#powers = powers;
    this.#holdings = new Map();
    this.#byKey = new Map();
    this.#unclaimed = new Map();
    this.#closing = new Map();
    this.#claimTimer = undefined;
  }

  listen(service: string, sockets: readonly SocketConfig[], answer: Answer): void {
    let asked: readonly Held[];
    try {
      asked = sockets.map((config, at) => this.#prepare(socketKey(service, at), config));
    } catch (error) {
      this.unlisten(service, nobody);
      return answer.broken(error);
    }
    const before = this.#holdings.get(service);
    if (before !== undefined) this.#forget(before, 'asked for once more');
    for (const { key } of before?.sockets.slice(asked.length) ?? [])
      this.#powers.send(closeFrame(key));
    const arrived = asked.flatMap(({ key }) => this.#unclaimed.get(key) ?? []);
    const holding: Holding = {
      ...{ service, sockets: asked, opening: answer, waiting: [], arrived, given: undefined },
    };
    this.#holdings.set(service, holding);
    for (const held of asked) {
      this.#unclaimed.delete(held.key);
      this.#byKey.set(held.key, { holding, held });
      this.#powers.send(held.frame);
    }
  }

  unlisten(service: string, answer: Answer): void {
    const holding = this.#holdings.get(service);
    const closing = this.#closing.get(service) ?? { keys: new Set<string>(), waiting: [] };
    closing.waiting.push(answer);
    this.#closing.set(service, closing);
    if (holding !== undefined) this.#forget(holding, 'closed');
    for (const { key } of holding?.sockets ?? []) {
      closing.keys.add(key);
      this.#powers.send(closeFrame(key));
    }
    this.#checkClosed(service);
  }

  /** The keeper has this one no more. */
  closed(key: string): void {
    for (const [service, { keys }] of this.#closing)
      if (keys.delete(key)) this.#checkClosed(service);
  }

  /** It is away for so long that nobody should wait for it: neither for sockets that open nor for those that close. */
  giveUp(reason: StartFailed): void {
    for (const holding of [...this.#holdings.values()])
      if (holding.opening !== undefined) this.#fail(holding, reason);
    for (const [service, { keys }] of this.#closing) {
      keys.clear();
      this.#checkClosed(service);
    }
  }

  connection(service: string, answer: Answer): void {
    const holding = this.#holdings.get(service);
    if (holding === undefined)
      return answer.broken(new StartFailed(`${service} has no sockets that listen`));
    const next = holding.arrived.shift();
    if (next !== undefined) return give(holding, next, answer);
    holding.waiting.push(answer);
    for (const { key } of holding.sockets) this.#powers.send(watchFrame(key));
  }

  drop(arrival: number): void {
    // What the keeper does not hear of is told again, and then dropped again.
    for (const holding of this.#holdings.values())
      if (holding.given === arrival) holding.given = undefined;
    this.#powers.send(new FrameWriter(types.drop).numbers(tags.connection, [arrival]).frame());
  }

  /** The keeper is there again, with those of these keys: it may have all of them, or none. */
  again(had: ReadonlySet<string>): void {
    for (const { keys } of this.#closing.values())
      for (const key of keys) this.#powers.send(closeFrame(key));
    for (const { service, sockets, waiting, arrived } of this.#holdings.values()) {
      // Whom it still has it tells again.
      arrived.length = 0;
      for (const held of sockets) {
        const lost = { service, place: placeText(held.config.place) };
        // Whoever waited there is lost with it, but where its service has it.
        if (held.isListening && !had.has(held.key)) this.#powers.log('socket.lost', lost);
        held.isListening = false;
        this.#powers.send(held.frame);
        if (waiting.length > 0) this.#powers.send(watchFrame(held.key));
      }
    }
  }

  /** The keeper has this one. */
  listening(key: string): void {
    const found = this.#byKey.get(key);
    if (found === undefined) return this.#stranger(key);
    const { holding, held } = found;
    held.isListening = true;
    if (holding.waiting.length > 0) this.#powers.send(watchFrame(key));
    if (!holding.sockets.every(({ isListening }) => isListening)) return;
    holding.opening?.kept(undefined);
    holding.opening = undefined;
  }

  /** Somebody has come to this one. */
  came(key: string, arrival?: Arrival): void {
    // He goes with the socket that is being closed, also where the next one has its key already.
    for (const { keys } of this.#closing.values()) if (keys.has(key)) return;
    const holding = this.#byKey.get(key)?.holding;
    if (holding === undefined) return void (arrival && this.#unclaimed.set(key, arrival));
    if (arrival === undefined) {
      for (const each of holding.waiting.splice(0)) each.kept(undefined);
      return;
    }
    if (holding.given === arrival.number) return;
    const next = holding.waiting.shift();
    if (next === undefined) holding.arrived.push(arrival);
    else give(holding, arrival, next);
  }

  /** The keeper cannot have it, or not watch it; false where it is no socket that was asked for. */
  refused(key: string, error: number): boolean {
    const found = this.#byKey.get(key);
    if (found === undefined) return false;
    const { holding, held } = found;
    const { config } = held;
    const { EADDRINUSE, EBADF } = os.constants.errno;
    held.tryCount += 1;
    const place = placeText(config.place);
    const isBusy = error === EADDRINUSE && held.tryCount < config.bindAttempts;
    // One that it does not have is on its way; whoever watches without room is heard again later.
    if (isBusy || error === EBADF || holding.opening === undefined) {
      const { service } = holding;
      if (isBusy) this.#powers.log('socket.busy', { service, place, tryCount: held.tryCount });
      clearTimeout(held.timer);
      held.timer = setTimeout(() => this.#powers.send(held.frame), bindPauseMs).unref();
      return true;
    }
    this.#fail(holding, socketFailed(place, error, held.tryCount));
    return true;
  }

  #prepare(key: string, config: SocketConfig): Held {
    const { place, owner, group } = config;
    const { accounts } = this.#powers;
    // A number needs neither a name nor a group of that user.
    const uid = typeof owner === 'string' ? identityOf({ user: owner }, accounts).uid : owner;
    const gid = group === undefined ? undefined : groupOf(group, accounts);
    if (place.family === 'unix')
      makeFolder(path.dirname(place.host), config, { uid, gid }, accounts.uid);
    const frame = listenFrame(key, config, uid, gid);
    return { key, config, frame, isListening: false, tryCount: 0, timer: undefined };
  }

  #fail(holding: Holding, reason: StartFailed): void {
    const { service, opening } = holding;
    holding.opening = undefined;
    this.unlisten(service, nobody);
    opening?.broken(reason);
  }

  #checkClosed(service: string): void {
    const closing = this.#closing.get(service);
    if (closing === undefined || closing.keys.size > 0) return;
    this.#closing.delete(service);
    for (const each of closing.waiting) each.kept(undefined);
  }

  #forget(holding: Holding, why: string): void {
    this.#holdings.delete(holding.service);
    for (const { key, timer } of holding.sockets) {
      clearTimeout(timer);
      this.#byKey.delete(key);
    }
    const reason = new StartFailed(`its sockets were ${why}`);
    holding.opening?.broken(reason);
    for (const each of holding.waiting.splice(0)) each.broken(reason);
  }

  #stranger(key: string): void {
    this.#unclaimed.set(key, this.#unclaimed.get(key));
    this.#claimTimer ??= setTimeout(() => {
      this.#claimTimer = undefined;
      for (const each of this.#unclaimed.keys()) this.#powers.send(closeFrame(each));
      this.#unclaimed.clear();
    }, socketClaimMs).unref();
  }
}

const give = (holding: Holding, arrival: Arrival, answer: Answer): void => {
  holding.given = arrival.number;
  answer.kept(arrival);
};

/** Of what nobody waits for. */
const nobody: Answer = { kept: () => undefined, broken: () => undefined };

/** The id of a socket: names of services have characters and lengths that ids have not. */
export const socketKey = (service: string, at: number): string =>
  `s${crypto.createHash('sha256').update(service).digest('hex').slice(0, 40)}-${at}`;

/** As removePidFile: in a folder of somebody else nothing is given away but what was just made there. */
const makeFolder = (
  folder: string,
  { folderMode }: SocketConfig,
  ids: { readonly uid: number | undefined; readonly gid: number | undefined },
  ownUid: number,
): void => {
  const opened: number[] = [];
  const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;
  try {
    if (fs.existsSync(folder)) return;
    const above = path.dirname(folder);
    fs.mkdirSync(above, { recursive: true });
    const at = openFolder(above, ownUid);
    opened.push(at);
    const entry = `/proc/self/fd/${at}/${path.basename(folder)}`;
    fs.mkdirSync(entry);
    const made = fs.openSync(entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    opened.push(made);
    fs.fchmodSync(made, folderMode);
    if (ids.uid !== undefined || ids.gid !== undefined)
      fs.fchownSync(made, ids.uid ?? -1, ids.gid ?? -1);
  } catch (error) {
    const why = explain(error);
    throw new StartFailed(`socket: folder ${folder}: ${why}`, {
      cause: error,
      summary: `the folder of a socket: ${why}`,
    });
  } finally {
    for (const each of opened) fs.closeSync(each);
  }
};

const listenFrame = (
  key: string,
  { place, style, backlog, mode, accepts }: SocketConfig,
  uid: number | undefined,
  gid: number | undefined,
): Buffer => {
  const frame = new FrameWriter(types.listen)
    .text(tags.id, key)
    .numbers(tags.place, [families[place.family], place.port], place.host)
    .numbers(tags.style, [
      (style === 'datagram' ? styles.datagram : 0) | (accepts === true ? styles.accepts : 0),
    ])
    .numbers(tags.backlog, [backlog]);
  if (place.family !== 'unix') return frame.frame();
  frame.numbers(tags.mode, [mode]);
  if (uid !== undefined) frame.numbers(tags.uid, [uid]);
  if (gid !== undefined) frame.numbers(tags.gid, [gid]);
  return frame.frame();
};
const closeFrame = (key: string): Buffer => new FrameWriter(types.close).text(tags.id, key).frame();
const watchFrame = (key: string): Buffer => new FrameWriter(types.watch).text(tags.id, key).frame();

const words: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody listens there already',
  EADDRNOTAVAIL: 'this machine has no such address',
  EEXIST: 'something that is no socket lies there, and is left as it is',
  EMFILE: 'the keeper holds as many sockets as it can',
  EAFNOSUPPORT: 'this machine has no such addresses',
};
const socketFailed = (place: string, error: number, tryCount: number): StartFailed => {
  const code = getSystemErrorName(-error);
  const known = words[code];
  const cause = Object.assign(new Error(code), { code });
  const why = known === undefined ? explain(cause) : `${known} (${code})`;
  const tries = tryCount > 1 ? `, tried ${tryCount} times` : '';
  return new StartFailed(`socket ${place}: ${why}${tries}`, {
    cause,
    summary: `one of its sockets: ${why}${tries}`,
  });
};
