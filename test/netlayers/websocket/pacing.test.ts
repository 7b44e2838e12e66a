/** Frames of which each has a TLS record of its own, for peers that read one of a record and wait for more. */
import { EventEmitter } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import {
  acceptedWire,
  dialledWire,
  type Wire,
  WebSocketConnection,
} from '../../../netlayers/websocket/src/connection.ts';
import { plainFramer } from '../../../netlayers/websocket/src/frames.ts';
import { BATCH_BYTES } from '../../../netlayers/websocket/src/limits.ts';

/** What a connection asks of a WebSocket beside its events. */
class QuietWebSocket extends EventEmitter {
  pause(): void {}
  resume(): void {}
  ping(): void {}
  close(): void {}
}
const ws = new QuietWebSocket() as unknown as WebSocket;

describe('frames are paced', () => {
  const [clear, secure] = [new net.Socket(), new TLSSocket(new net.Socket())];
  test.each([
    ['over TLS to a peer that says no name, as Goblins does', secure, undefined, true],
    ['not over TLS to one that says a name, as browsers and we do', secure, 'somebody', false],
    ['not in clear', clear, undefined, false],
    ['not in clear to one that says a name', clear, 'somebody', false],
  ])('%s', (_when, socket, peer, isPaced) => {
    const way = { ws, socket, framer: plainFramer() };
    expect(acceptedWire(way, peer).isPaced).toBe(isPaced);
    expect(dialledWire(way, peer).isPaced).toBe(isPaced);
  });
});

/** A socket that has written something when the test says so. */
class SlowSocket extends Duplex {
  readonly writes: Uint8Array[] = [];
  readonly #done: (() => void)[] = [];
  constructor() {
    super({ highWaterMark: 16 * BATCH_BYTES });
  }
  override _read(): void {}
  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.writes.push(chunk);
    this.#done.push(done);
  }
  /** As sockets of Node do: what waits goes in one. */
  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', done);
  }
  /** The oldest write has left. */
  async leaves(): Promise<void> {
    this.#done.shift()?.();
    await new Promise((go) => setImmediate(go));
  }
}
const sending = (isPaced: boolean) => {
  const socket = new SlowSocket();
  const wire: Wire = { ws, socket, framer: plainFramer(), frameBytes: 6, isPaced };
  let drainedCount = 0;
  const connection = WebSocketConnection.attach(wire, undefined, () => ({
    bytes: () => undefined,
    drained: () => (drainedCount += 1),
    closed: () => undefined,
  }));
  const written = (): readonly string[] =>
    socket.writes.map((each) => Buffer.from(each).toString('hex'));
  return { socket, connection, written, drainedCount: () => drainedCount };
};
const frameOf = (byte: number): string => `8201${byte.toString(16).padStart(2, '0')}`;

describe('three messages of one tick', () => {
  const sendThree = (connection: WebSocketConnection): void =>
    [1, 2, 3].forEach((byte) => connection.send(Uint8Array.of(byte), byte < 3));
  test('go one after the other, where they are paced: the next when the one before it has left', async () => {
    const { socket, connection, written } = sending(true);
    sendThree(connection);
    for (const count of [1, 2, 3]) {
      expect(written()).toEqual([1, 2, 3].slice(0, count).map(frameOf));
      await socket.leaves();
    }
    connection.send(Uint8Array.of(4));
    expect(written()).toEqual([1, 2, 3, 4].map(frameOf));
  });
  test('go in one write, where they are not', () => {
    const { connection, written } = sending(false);
    sendThree(connection);
    expect(written()).toEqual([[1, 2, 3].map(frameOf).join('')]);
  });
  test('all leave before the close, in their order', async () => {
    const { socket, connection, written } = sending(true);
    sendThree(connection);
    connection.close();
    for (let times = 0; times < 2; times += 1) await socket.leaves();
    // The end of the line is what a peer hears of next, whatever stays in its last record.
    expect(written().join('')).toBe([1, 2, 3].map(frameOf).join(''));
  });
});

test('paced frames are as much as a batch and no more, until the last of them has left', async () => {
  const { socket, connection, drainedCount } = sending(true);
  expect(connection.send(new Uint8Array(16))).toBe(true);
  const half = new Uint8Array(BATCH_BYTES / 2);
  expect(connection.send(half)).toBe(true);
  expect(connection.send(half)).toBe(false);
  await socket.leaves();
  await socket.leaves();
  expect([socket.writes.length, drainedCount()]).toEqual([3, 0]);
  await socket.leaves();
  expect(drainedCount()).toBe(1);
  expect(connection.send(new Uint8Array(16))).toBe(true);
});
