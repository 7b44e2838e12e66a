/** Text messages over a socket, for peers that bring no transport for one: a length, then UTF-8. */
import type net from 'node:net';

/** Sends what one wake-up wrote in one write, in the check phase: as Bellwether does. */
export class Messages {
  readonly #socket: net.Socket;
  readonly #waiting: ((message: string) => void)[] = [];
  readonly #unread: string[] = [];
  #unsent: Buffer[] = [];
  #rest: Uint8Array = new Uint8Array(0);
  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
  }
  send(message: string): void {
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    const frame = Buffer.allocUnsafe(4 + Buffer.byteLength(message));
    frame.writeUInt32LE(frame.length - 4);
    frame.write(message, 4);
    this.#unsent.push(frame);
  }
  receive(): Promise<string> {
    const message = this.#unread.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((done) => this.#waiting.push(done));
  }
  #flush(): void {
    const [first, ...others] = this.#unsent;
    this.#unsent = [];
    if (first !== undefined)
      this.#socket.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
  }
  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const end = at + 4 + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      const message = bytes.toString('utf8', at + 4, end);
      const done = this.#waiting.shift();
      if (done === undefined) this.#unread.push(message);
      else done(message);
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}
