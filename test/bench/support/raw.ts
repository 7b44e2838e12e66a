/**
 * The least that a socket can do: frames of one size, told apart by their length alone, each handled
 * by itself and answered by a copy of it. All frames of one wake-up leave in one write, in the check
 * phase. Whatever a protocol adds is what it costs.
 */
import net from 'node:net';
import { measured, type Run, tally } from './calls.ts';
import type { OtherEnd } from './other-end.ts';

/** Bytes of `<op:deliver … echo 42 …>` with numbers of five digits. */
export const CALL_BYTES = 84;

/** Frames of one wake-up in one write. Its room is what they needed so far: to clear much of it costs a tenth of TLS. */
class Coalesced {
  readonly #socket: net.Socket;
  #bytes = Buffer.alloc(0);
  #length = 0;
  constructor(socket: net.Socket) {
    this.#socket = socket;
  }
  add(frame: Uint8Array): void {
    if (this.#length === 0) setImmediate(() => this.#flush());
    if (this.#length + frame.length > this.#bytes.length) this.#grow();
    this.#bytes.set(frame, this.#length);
    this.#length += frame.length;
  }
  #grow(): void {
    const bytes = Buffer.alloc(Math.max(1024, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
  #flush(): void {
    this.#socket.write(Buffer.from(this.#bytes.subarray(0, this.#length)));
    this.#length = 0;
  }
}
/** Calls back for every frame, also for one that comes in two chunks. */
const eachFrame = (socket: net.Socket, take: (frame: Uint8Array) => void): void => {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + CALL_BYTES <= bytes.length; at += CALL_BYTES)
      take(bytes.subarray(at, at + CALL_BYTES));
    rest = bytes.subarray(at);
  });
};

/** Answers every frame of a socket. */
export const answerFrames = (socket: net.Socket): void => {
  const answers = new Coalesced(socket);
  eachFrame(socket, (frame) => answers.add(frame));
  socket.on('error', () => socket.destroy());
};

/** Sends frames over a socket whose other end answers them. */
export const rawRun = (socket: net.Socket, other: OtherEnd): Run => {
  const calls = new Coalesced(socket);
  const call = Buffer.alloc(CALL_BYTES, 1);
  let answered: () => void = () => undefined;
  eachFrame(socket, () => answered());
  return measured(
    other,
    (inFlight, ms) =>
      new Promise((done) => {
        const counts = tally(inFlight, ms, done);
        answered = () => {
          if (counts.answered()) calls.add(call);
        };
        for (let at = 0; at < inFlight; at += 1) calls.add(call);
      }),
  );
};

/** An open socket. */
export const connected = (to: net.NetConnectOpts): Promise<net.Socket> =>
  new Promise((done, failed) => {
    const socket = net.connect({ ...to, noDelay: true });
    socket.once('error', failed);
    socket.once('connect', () => done(socket));
  });

/** Writes, and waits until so many bytes have come. */
export const exchange = (socket: net.Socket, bytes: Uint8Array, count: number): Promise<void> =>
  new Promise((done) => {
    let missing = count;
    const take = (chunk: Uint8Array): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off('data', take);
      done();
    };
    socket.on('data', take);
    socket.write(bytes);
  });
/** A frame to send. */
export const FRAME = new Uint8Array(CALL_BYTES).fill(1);
/** A frame there and back. */
export const ping = (socket: net.Socket): Promise<void> => exchange(socket, FRAME, CALL_BYTES);
