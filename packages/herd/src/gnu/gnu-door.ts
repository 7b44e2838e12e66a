/**
 * The door for GNU Shepherd's clients: a unix socket in a folder that its owner alone may enter, as GNU Shepherd wants
 * it. A file of its own beside the program: who has no such door loads nothing of it (daemon/lazy-gnu-door.ts).
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import type { Log } from '@bellwether/actors';
import { SocketFile } from '@bellwether/netlayer-unix';
import { answer } from './answer.ts';
import type { AnswerPowers } from './asked.ts';
import { serve } from './connection.ts';
import { connectionCount } from './limits.ts';
import { Unsent } from './unsent.ts';

/** What a door leads to. */
export interface GnuDoorPowers extends Omit<AnswerPowers, 'operation'> {
  readonly after: (ms: number, task: () => void) => () => void;
  readonly log: Log;
}
/** A door that is open. */
export interface OpenGnuDoor {
  /** Ends all connections and removes the socket; may be called again. */
  close(): void;
}

/** Opens a door at an absolute path. Rejects with BadPlace, PlaceTaken. */
export const openGnuDoor = (path: string, powers: GnuDoorPowers): Promise<OpenGnuDoor> =>
  new Promise((opened, failed) => {
    const door = new GnuDoor(powers);
    const done = (file: SocketFile): void => opened({ close: () => door.close(file) });
    SocketFile.bind(door.server, { path, replaceStale: true }, 'private', done, failed);
  });

class GnuDoor {
  readonly server: net.Server;
  readonly #powers: GnuDoorPowers;
  /** How to close each connection. */
  readonly #open: Map<net.Socket, () => void>;
  readonly #unsent: Unsent;

  constructor(powers: GnuDoorPowers) {
    this.#powers = powers;
    this.#open = new Map();
    this.#unsent = new Unsent();
    // Half-open: GNU's client reads the reply behind its own end, should it end at all.
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  close(file: SocketFile): void {
    if (!this.server.listening) return;
    this.server.close();
    for (const close of this.#open.values()) close();
    file.remove();
  }

  #serve(socket: net.Socket): void {
    const { after, log } = this.#powers;
    if (this.#open.size >= connectionCount && !this.#makeRoom()) {
      log('gnu.refused', { reason: `more than ${connectionCount} connections` });
      socket.destroy();
      return;
    }
    const operation = (): string => `gnu-${randomBytes(8).toString('hex')}`;
    const powers = { ...this.#powers, operation };
    const close = serve(socket, {
      answer: (request) => answer(powers, request),
      after,
      unsent: this.#unsent,
      refused: (reason) => log('gnu.refused', { reason }),
    });
    this.#open.set(socket, close);
    socket.once('close', () => this.#open.delete(socket));
  }

  /** Who has said all may have hung up, and waits for an answer that nobody reads. */
  #makeRoom(): boolean {
    const ended = [...this.#open].find(([socket]) => socket.readableEnded);
    if (ended === undefined) return false;
    const [socket, close] = ended;
    close();
    return this.#open.delete(socket);
  }
}
