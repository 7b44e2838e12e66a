/** A ConnectionHandler that writes down what it is told, and complains about what it must not be told. */
import type { Accept, Connection, ConnectionHandler } from '@bellwether/ocapn';

export class Ear implements ConnectionHandler {
  readonly connection: Connection;
  readonly chunks: Uint8Array[] = [];
  /** Bytes heard so far. */
  count = 0;
  drainedCount = 0;
  closedCount = 0;
  reason: Error | undefined = undefined;
  /** Callbacks that came after the last one. */
  readonly late: string[] = [];
  #isOver = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }
  bytes(chunk: Uint8Array): void {
    if (this.#isOver) this.late.push('bytes');
    if (Object.getPrototypeOf(chunk) !== Uint8Array.prototype) this.late.push('not plain');
    this.chunks.push(Uint8Array.from(chunk));
    this.count += chunk.length;
  }
  drained(): void {
    if (this.#isOver) this.late.push('drained');
    this.drainedCount += 1;
  }
  closed(reason?: Error): void {
    if (this.#isOver) this.late.push('closed');
    this.#isOver = true;
    this.closedCount += 1;
    this.reason = reason;
  }
  /** Closes the connection: nothing may be heard any more. */
  hangUp(): void {
    this.#isOver = true;
    this.connection.close();
  }
  heard(): Uint8Array {
    const all = new Uint8Array(this.count);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

/** Accepts everything and keeps the ears, in the order of acceptance. */
export class Ears {
  readonly all: Ear[] = [];
  readonly accept: Accept = (connection) => {
    const ear = new Ear(connection);
    this.all.push(ear);
    return ear;
  };
  /** The one ear. */
  get only(): Ear {
    const [ear, ...more] = this.all;
    if (ear === undefined || more.length > 0) throw new Error(`${this.all.length} connections`);
    return ear;
  }
}
