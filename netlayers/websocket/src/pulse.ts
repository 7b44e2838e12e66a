/**
 * Finds peers that are gone without a word, and keeps proxies on the way from giving up what is silent. One timer for
 * all connections of a netlayer, whose turns each look at a part of them, so that those which opened together are
 * not pinged together.
 *
 *     looked at                              what happens
 *     bytes have come since, or it is not    its silence begins anew
 *       read
 *     silent                                 pinged: it has to answer
 *     silent for the last time               its connection ends
 */
import { Unreachable } from '@bellwether/netlayer-stream';
import type { WebSocketConnection } from './connection.ts';
import type { WebSocketLimits } from './limits.ts';

const TURNS = 8;

interface Beat {
  heardBytes: number;
  silentCount: number;
}

/** The connections of one netlayer. */
export class Pulse {
  readonly #limits: WebSocketLimits;
  readonly #turns = Array.from({ length: TURNS }, () => new Map<WebSocketConnection, Beat>());
  #next = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(limits: WebSocketLimits) {
    this.#limits = limits;
  }

  /** The result takes it out again. */
  enter(connection: WebSocketConnection): () => void {
    const turn = this.#turns[this.#next];
    this.#next = (this.#next + 1) % TURNS;
    turn?.set(connection, { heardBytes: connection.heardBytes, silentCount: 0 });
    if (this.#timer === undefined && Number.isFinite(this.#limits.pingMs)) this.#begin();
    return () => {
      turn?.delete(connection);
      if (this.#turns.every(({ size }) => size === 0)) this.close();
    };
  }
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #begin(): void {
    let at = 0;
    this.#timer = setInterval(() => {
      for (const [connection, beat] of [...(this.#turns[at] ?? [])]) this.#look(connection, beat);
      at = (at + 1) % TURNS;
    }, this.#limits.pingMs / TURNS);
    // It looks after sessions, and none of them is waited for.
    this.#timer.unref();
  }
  #look(connection: WebSocketConnection, beat: Beat): void {
    const { heardBytes, isRead } = connection;
    const { pingMs, silentCount } = this.#limits;
    beat.silentCount = heardBytes !== beat.heardBytes || !isRead ? 0 : beat.silentCount + 1;
    beat.heardBytes = heardBytes;
    if (beat.silentCount > silentCount) {
      const silentMs = pingMs * silentCount;
      connection.end(
        new Unreachable('websocket', `the peer has not said a word for ${silentMs} ms`),
      );
    } else if (beat.silentCount > 0) connection.ping();
  }
}
