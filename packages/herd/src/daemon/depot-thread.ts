/**
 * The depots of a daemon in a thread of their own: to read and to check the manifest of a release of 100,000 files
 * takes a second or more, and so do its tree and what is needed of its contents. Whoever asks for something else
 * meanwhile does not wait for that.
 *
 *     daemon                                    thread
 *     ask ──► { id, slot, method, args } ──►    a depot, or the shelf
 *     kept, broken ◄── { id, kept | broken } ◄──┘
 *
 *     the thread has ended (a bug, more memory than it may have) ──► what was asked is broken: storage-failed
 *                                                                    the next to ask starts another one
 *
 * What is asked in order arrives in order. A thread that dies leaves what a life leaves that was cut off, and the next
 * one finds its way as a life does. What the shelf keeps is said to it first, so that it collects none of it.
 */
import { Worker, type MessagePort, type ResourceLimits } from 'node:worker_threads';
import { ActorError, type Answer, type Log } from '@bellwether/actors';
import { BadRelease, type Depot, type Digest, type Shelf } from '@bellwether/deploy';
import {
  InUse,
  NoRoom,
  NotHere,
  runFolder,
  StorageFailed,
  WrongContent,
} from '@bellwether/deploy/node';
import type { LazyDepots } from './lazy-depots.ts';

/** A question to a depot, or to the shelf where no slot is named. */
interface Call {
  readonly id: number;
  readonly slot?: string;
  readonly method: Method;
  readonly args: readonly unknown[];
}
type Method = Exclude<keyof Depot, 'folder'> | keyof Shelf;
/** What is told back: how a question ended, or what nobody waits for. */
type Reply =
  | { readonly id: number; readonly kept: unknown }
  | { readonly id: number; readonly broken: Refusal }
  | { readonly failed: string; readonly message: string };
/** An error, as it crosses: a class does not. */
interface Refusal {
  readonly message: string;
  readonly code?: string;
  readonly where?: string;
  readonly why?: string;
}

/** What a thread may cost: the largest manifest takes 300 MB while it is read. */
const threadLimits: ResourceLimits = { maxOldGenerationSizeMb: 1_024 };

/** How the depots are started, and where they lie. */
export interface DepotThreadOptions {
  /** The program of the thread. */
  readonly file: URL;
  /** The folder of all releases. */
  readonly folder: string;
  readonly log: Log;
}

/** The depots of a daemon; nothing is started before something is asked. */
export const threadDepots = (options: DepotThreadOptions): LazyDepots => {
  const thread = new DepotThread(options);
  const asking =
    (slot?: string) =>
    (method: Method, args: readonly unknown[], answer: Answer): void =>
      thread.ask(slot, method, args, answer);
  return {
    of: (slot) => ({
      ...depotOver(asking(slot)),
      folder: (release) => runFolder(options.folder, slot, release),
    }),
    shelf: shelfOver(asking(), (releases) => thread.noteKept(releases)),
  };
};

type Ask = (method: Method, args: readonly unknown[], answer: Answer) => void;
const contentsOver = (ask: Ask): Pick<Depot, 'missing' | 'put' | 'read' | 'inspect'> => ({
  missing: (asker, contents, answer) => ask('missing', [asker, contents], answer),
  // A view would take all of what it is a view of along, which is a frame of a session.
  put: (asker, { bytes, ...piece }, answer) =>
    ask('put', [asker, { ...piece, bytes: bytes.slice() }], answer),
  read: (content, answer) => ask('read', [content], answer),
  inspect: (release, answer) => ask('inspect', [release], answer),
});
const depotOver = (ask: Ask): Omit<Depot, 'folder'> => ({
  ...contentsOver(ask),
  build: (release, signatures, answer) => ask('build', [release, signatures], answer),
  check: (release, answer) => ask('check', [release], answer),
  point: (release, answer) => ask('point', [release], answer),
  keep: (releases, answer) => ask('keep', [releases], answer),
  giveUp: (askers, answer) => ask('giveUp', [askers], answer),
});
const shelfOver = (ask: Ask, noted: (releases: readonly Digest[]) => void): Shelf => ({
  ...contentsOver(ask),
  piece: (sha256, offset, byteCount, answer) => ask('piece', [sha256, offset, byteCount], answer),
  keep: (releases, answer) => {
    noted(releases);
    ask('keep', [releases], answer);
  },
});

/** One thread at a time, and who waits for it. */
class DepotThread {
  readonly #options: DepotThreadOptions;
  readonly #waiting = new Map<number, Answer>();
  #worker: Worker | undefined = undefined;
  #askedCount = 0;
  #kept: readonly Digest[] = [];

  constructor(options: DepotThreadOptions) {
    this.#options = options;
  }

  noteKept(releases: readonly Digest[]): void {
    this.#kept = releases;
  }
  ask(slot: string | undefined, method: Method, args: readonly unknown[], answer: Answer): void {
    const worker = (this.#worker ??= this.#start());
    this.#askedCount += 1;
    const id = this.#askedCount;
    this.#waiting.set(id, answer);
    const asked: Call = { id, method, args, ...(slot !== undefined && { slot }) };
    // All else stays the sender's.
    worker.postMessage(asked, method === 'put' ? buffersIn(args) : []);
  }

  #start(): Worker {
    const { file, folder } = this.#options;
    const worker = new Worker(file, { workerData: { folder }, resourceLimits: threadLimits });
    // Its end is the daemon's.
    worker.unref();
    worker.on('message', (told: Reply) => this.#take(told));
    let why = 'it has ended';
    worker.on('error', (error) => (why = error.message));
    worker.on('exit', () => this.#lose(worker, why));
    if (this.#kept.length > 0) {
      const first: Call = { id: 0, method: 'keep', args: [this.#kept] };
      worker.postMessage(first);
    }
    return worker;
  }
  #take(told: Reply): void {
    if ('failed' in told) {
      this.#options.log('deploy.failed', { what: told.failed, error: told.message });
      return;
    }
    const answer = this.#waiting.get(told.id);
    this.#waiting.delete(told.id);
    if ('kept' in told) answer?.kept(told.kept);
    else answer?.broken(errorOf(told.broken));
  }
  #lose(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#options.log('deploy.thread-lost', { why, waitingCount: this.#waiting.size });
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    const words = `the thread that looks after releases has ended (${why}); ask again`;
    for (const answer of lost) answer.broken(new StorageFailed(words));
  }
}

/** Answers what is asked through a port, out of these depots. */
export const serveDepots = (
  port: Pick<MessagePort, 'postMessage' | 'on'>,
  depots: LazyDepots,
): void => {
  port.on('message', ({ id, slot, method, args }: Call) => {
    const answer: Answer = {
      kept: (kept) => port.postMessage({ id, kept } satisfies Reply, buffersIn([kept])),
      broken: (reason) => port.postMessage({ id, broken: refusalOf(reason) } satisfies Reply),
    };
    const on = slot === undefined ? depots.shelf : depots.of(slot);
    const work: unknown = Reflect.get(on, method);
    if (typeof work === 'function') Reflect.apply(work, on, [...args, answer]);
    else answer.broken(new TypeError(`depots: there is no '${method}'`));
  });
};
/** Says what nobody waits for. */
export const tellFailed =
  (port: Pick<MessagePort, 'postMessage'>) =>
  (what: string, error: unknown): void =>
    port.postMessage({ failed: what, message: refusalOf(error).message } satisfies Reply);

/** Memory that changes hands instead of being copied; none that is a part of a larger one. */
const buffersIn = (values: readonly unknown[]): readonly ArrayBuffer[] => {
  const found = new Set<ArrayBuffer>();
  const visit = (value: unknown, depth: number): void => {
    if (value instanceof Uint8Array || value instanceof Float64Array) {
      const { buffer } = value;
      if (buffer instanceof ArrayBuffer && value.byteLength === buffer.byteLength)
        found.add(buffer);
    } else if (depth > 0 && typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const each of Object.values(value)) visit(each, depth - 1);
  };
  for (const value of values) visit(value, 2);
  return [...found];
};

const refusalOf = (reason: unknown): Refusal => {
  if (!(reason instanceof Error)) return { message: String(reason) };
  const { message } = reason;
  if (reason instanceof BadRelease)
    return { message, code: reason.code, where: reason.where, why: reason.why };
  return { message, ...(reason instanceof ActorError && { code: reason.code }) };
};
const classes: Readonly<Record<string, new (message: string) => ActorError>> = {
  'no-room': NoRoom,
  'storage-failed': StorageFailed,
  'wrong-content': WrongContent,
  'not-here': NotHere,
  'in-use': InUse,
};
const errorOf = ({ message, code, where = '', why = '' }: Refusal): Error => {
  if (code === undefined) return new Error(message);
  if (code === 'bad-release') return new BadRelease(where, why);
  const known = Object.hasOwn(classes, code) ? classes[code] : undefined;
  return known === undefined ? new ActorError(code, message) : new known(message);
};
