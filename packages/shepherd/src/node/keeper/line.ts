/**
 * The connection to the keeper, which is started where there is none.
 *
 *     connect ──► HELLO ──► STATE… TOLD ──► up
 *        │ nobody there: started, again │     │ lost: down, then once more from the beginning
 *        │                              │ made from something else than our program: RENEW, once; from the beginning
 *
 * What is sent while it is down is not sent: whoever sends hears of each `up` what the keeper has, and goes by that.
 */
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Log } from '@bellwether/actors';
import { explain } from '../program.ts';
import {
  firstPauseMs,
  giveUpMs,
  keeperLogBytes,
  longestPauseMs,
  reachTryCount,
  startKeeperMs,
} from './limits.ts';
import {
  FrameReader,
  FrameWriter,
  protocolVersion,
  tags,
  types,
  type Said,
  type StartState,
} from './protocol.ts';

/** There is no keeper, and none can be started; the message says why. */
export class KeeperFailed extends Error {}
/** The folder is a copy: what runs is for the keeper of another one. */
export class KeptElsewhere extends KeeperFailed {}
/** The keeper of the folder lives, and is not reached: nobody else may take what runs for his. */
export class KeptHere extends KeeperFailed {}

/** What reaching a keeper takes. */
export interface LinePowers {
  /** The program. */
  readonly program: string;
  /** Private to this user; made where it is not there. Its socket, table and log are in it. */
  readonly folder: string;
  /** What its memory, and that of services, is dumped by; see core(5). Absent: as of this process. */
  readonly coredumpFilter?: string;
  readonly log?: Log;
}
type Ids = ReadonlySet<string>;
type Hello = Said & { readonly kind: 'hello' };
/** Who hears what the keeper says. */
export interface LineHandlers {
  /** It is there, and this is all that it has; of sockets the ids. */
  up(hello: Hello, states: readonly StartState[], sockets: Ids): void;
  /** It is not there any more. */
  down(): void;
  said(said: Said): void;
  /** It could not be reached for so long that nobody should wait for it; it is tried on. */
  givenUp(why: string): void;
}

/** Said by a keeper that nobody has heard yet. */
export const unheard: Hello = {
  kind: 'hello',
  version: 0,
  bootId: '',
  features: 0,
  build: '',
  pid: 0,
};

/** The one connection of a daemon. */
export class KeeperLine {
  readonly #powers: LinePowers;
  readonly #handlers: LineHandlers;
  #socket: net.Socket | undefined;
  #isClosed: boolean;
  /** What our program was made from; undefined: nobody knows, or the keeper was asked to become it. */
  #build: string | undefined;
  /** Frames of this turn of the event loop, which go out together. */
  #outgoing: Buffer[];

  constructor(powers: LinePowers, handlers: LineHandlers) {
    this.#powers = powers;
    this.#handlers = handlers;
    this.#socket = undefined;
    this.#isClosed = false;
    this.#build = undefined;
    this.#outgoing = [];
  }

  /** Reaches the keeper, or starts it. @throws KeeperFailed after a few tries */
  async open(): Promise<void> {
    this.#build = await buildOf(this.#powers.program);
    for (let tries = 1; ; tries += 1)
      try {
        return await this.#reach();
      } catch (error) {
        if (tries === reachTryCount || isFinal(error)) throw error;
        await pause(firstPauseMs * 2 ** tries);
      }
  }

  /** Goes out with all else of this turn of the event loop. */
  send(frame: Buffer): void {
    if (this.#socket === undefined) return;
    if (this.#outgoing.push(frame) > 1) return;
    process.nextTick(() => {
      const frames = this.#outgoing.splice(0);
      this.#socket?.write(frames.length === 1 ? (frames[0] ?? '') : Buffer.concat(frames));
    });
  }

  /** Leaves the keeper to itself: it ends once nothing runs. */
  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  async #reach(): Promise<void> {
    const { folder } = this.#powers;
    const socket = await connectTo(folder).catch(async (error: unknown) => {
      if (!isAbsent(error)) throw new KeeperFailed(`${folder}: ${explain(error)}`);
      await startKeeper(this.#powers);
      return connectTo(folder).catch((again: unknown) => {
        throw new KeeperFailed(`${folder}: ${explain(again)}`);
      });
    });
    await this.#greet(socket);
  }

  #greet(socket: net.Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const reader = new FrameReader();
      let greeting = unheard;
      let isOther = false;
      let states: StartState[] | undefined = [];
      const others: (Said & { readonly id: string })[] = [];
      const heard = (said: Said): void => {
        if (states === undefined) return this.#handlers.said(said);
        if (said.kind === 'hello') {
          greeting = said;
          isOther = this.#isOther(said.build);
          if (said.version !== protocolVersion) fail(new KeeperFailed(otherVersion));
        } else if (said.kind === 'state') states.push(said);
        else if (said.kind === 'listening' || said.kind === 'connection') others.push(said);
        else if (said.kind === 'told' && isOther) {
          isOther = false;
          socket.write(renewFrame(this.#powers.program));
        } else if (said.kind === 'told' || said.kind === 'refused') {
          // Refused is what was just asked for: it goes on as it is.
          const all = states;
          states = undefined;
          this.#socket = socket;
          clearTimeout(late);
          this.#handlers.up(greeting, all, new Set(others.map(({ id }) => id)));
          for (const each of others) this.#handlers.said(each);
          resolve();
        }
      };
      const fail = (error: Error): void => {
        reject(error);
        socket.destroy(error);
      };
      const silence = `${this.#powers.folder}: somebody listens there, and says nothing`;
      const late = setTimeout(() => fail(new KeeperFailed(silence)), startKeeperMs);
      socket.on('data', (chunk: Buffer) => {
        try {
          for (const said of reader.push(chunk)) heard(said);
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      });
      socket.on('error', (error) => this.#powers.log?.('keeper.cut', { why: explain(error) }));
      socket.on('close', () => {
        clearTimeout(late);
        reject(new KeeperFailed('the keeper ended the connection'));
        if (this.#socket === socket) this.#lost();
      });
      socket.write(hello());
    });
  }

  /** Once: one that goes on as it was, whatever the reason, is a keeper nevertheless. */
  #isOther(build: string): boolean {
    const wanted = this.#build;
    this.#build = undefined;
    if (wanted === undefined || build === '' || build === wanted) return false;
    this.#powers.log?.('keeper.renewed', { from: build, to: wanted });
    return true;
  }

  #lost(): void {
    this.#socket = undefined;
    if (this.#isClosed) return;
    this.#powers.log?.('keeper.lost', {});
    this.#handlers.down();
    void this.#again();
  }

  /** For as long as it takes: without it nothing can be started, and nothing else is broken. */
  async #again(): Promise<void> {
    const lostAtMs = performance.now();
    let told = '';
    for (let pauseMs = firstPauseMs; !this.#isClosed;) {
      try {
        await this.#reach();
        return this.#powers.log?.('keeper.back', {});
      } catch (error) {
        const why = explain(error);
        if (why !== told) this.#powers.log?.('keeper.unreachable', { why });
        told = why;
        if (performance.now() - lostAtMs >= giveUpMs) this.#handlers.givenUp(why);
        await pause(pauseMs);
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
    }
  }
}

const otherVersion =
  'the keeper that runs speaks another version: stop all services, then start again';
const isFinal = (error: unknown): boolean =>
  error instanceof KeeperFailed && error.message === otherVersion;

/** What a program was made from, by its own word; undefined where it does not say. */
const buildOf = (program: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const how = { timeout: startKeeperMs, env: {} };
    execFile(program, ['build'], how, (error, text) =>
      resolve(error === null && text !== '' ? text.trim() : undefined),
    );
  });
const renewFrame = (program: string): Buffer =>
  new FrameWriter(types.renew).text(tags.file, program).frame();

const hello = (): Buffer =>
  new FrameWriter(types.hello)
    .numbers(tags.version, [protocolVersion])
    .numbers(tags.version, [protocolVersion])
    .frame();

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(ENOENT|ECONNREFUSED)$/.test(String(error.code));

/** Long paths have no room in the address of a socket: by its descriptor every folder has a short one. */
const connectTo = (folder: string): Promise<net.Socket> =>
  new Promise((resolve, reject) => {
    let opened: number;
    try {
      opened = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    } catch (error) {
      return reject(error instanceof Error ? error : new Error(String(error)));
    }
    const socket = net.connect(`/proc/self/fd/${opened}/socket`);
    const failed = (error: Error): void => {
      fs.closeSync(opened);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      fs.closeSync(opened);
      socket.off('error', failed);
      resolve(socket);
    });
  });

/** Settles once it listens. It is no part of this process: it goes on when that one ends. */
const startKeeper = ({ program, folder, coredumpFilter, log }: LinePowers): Promise<void> =>
  new Promise((resolve, reject) => {
    const logFile = openKeeperLog(folder);
    const args = ['anchor', folder, ...(coredumpFilter === undefined ? [] : [coredumpFilter])];
    const child = spawn(program, args, {
      detached: true,
      env: {},
      cwd: '/',
      stdio: ['ignore', 'pipe', logFile],
    });
    fs.closeSync(logFile);
    const late = setTimeout(() => failed('it says nothing'), startKeeperMs);
    const over = (): void => {
      clearTimeout(late);
      child.stdout?.destroy();
      child.unref();
    };
    const failed = (why: string, Failure = KeeperFailed): void => {
      over();
      reject(new Failure(`${program}: ${why}; its log is ${path.join(folder, 'log')}`));
    };
    child.once('error', (error) => failed(explain(error)));
    child.once('exit', (code, signal) => {
      // As of anchor.h.
      if (code === 76) return failed('what runs has another keeper', KeptElsewhere);
      if (code === 75) return failed('another one lives', KeptHere);
      failed(code === 73 ? noRoom : `ended with ${code ?? signal}`);
    });
    child.stdout?.once('data', () => {
      over();
      log?.('keeper.started', { pid: child.pid });
      resolve();
    });
  });

const noRoom =
  'the disk has no room for its table (about 1.1 MiB); make room there, then start this shepherd again';

const openKeeperLog = (folder: string): number => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = fs.constants;
  const file = fs.openSync(
    path.join(folder, 'log'),
    O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW,
    0o600,
  );
  if (fs.fstatSync(file).size > keeperLogBytes) fs.ftruncateSync(file);
  return file;
};
