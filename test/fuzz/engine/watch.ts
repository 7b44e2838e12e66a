/**
 * Looks at a campaign from outside of its thread. A run that does not come back cannot say so itself, and a debugger that
 * asks it to pause is not answered by native code, nor by a thread that waits: so every input lies where another thread
 * sees it, before it is tried.
 */
import { Worker } from 'node:worker_threads';

/** Milliseconds of the processor, or six times as many on the clock, after which a run has stalled. */
const STALL_MS = 20_000;
const HEAD_BYTES = 8;

/** What the other thread runs; it is a text, since a bundle is one file. */
const WATCHER = `
  const { workerData: { shared, file, stallMs, headBytes } } = require('node:worker_threads');
  const fs = require('node:fs');
  const head = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, headBytes);
  let seen = -1, sinceCpu = process.cpuUsage(), sinceMs = Date.now();
  setInterval(() => {
    const beat = Atomics.load(head, 0);
    if (beat !== seen) { seen = beat; sinceCpu = process.cpuUsage(); sinceMs = Date.now(); return; }
    const { user, system } = process.cpuUsage(sinceCpu);
    const busyMs = (user + system) / 1000;
    if (busyMs < stallMs && Date.now() - sinceMs < 6 * stallMs) return;
    const input = Buffer.from(bytes.slice(0, Atomics.load(head, 1)));
    fs.writeFileSync(file, input);
    fs.writeSync(2, 'stalled for ' + (Date.now() - sinceMs) + ' ms, ' + Math.round(busyMs) +
      ' of them busy; the input is ' + file + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 500);
`;

/** Notes each input; ends the process where one does not come back, and leaves that input in `file`. */
export class Watch {
  readonly #shared: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #worker: Worker;
  constructor(file: string, maxBytes: number) {
    this.#shared = new SharedArrayBuffer(HEAD_BYTES + maxBytes);
    this.#head = new Int32Array(this.#shared, 0, 2);
    this.#bytes = new Uint8Array(this.#shared, HEAD_BYTES);
    const workerData = { shared: this.#shared, file, stallMs: STALL_MS, headBytes: HEAD_BYTES };
    this.#worker = new Worker(WATCHER, { eval: true, workerData });
  }
  note(input: Uint8Array): void {
    this.#bytes.set(input);
    Atomics.store(this.#head, 1, input.length);
    Atomics.add(this.#head, 0, 1);
  }
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
