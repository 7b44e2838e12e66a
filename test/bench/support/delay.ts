/** A link of constant delay inside of a process: one queue and one timer, however many connections there are. */
import { type Accept, type Netlayer } from '@bellwether/ocapn';

/** Runs tasks so many milliseconds later, in order; a millisecond later at most than asked for. */
export class Delay {
  readonly #ms: number;
  readonly #queue: { readonly atMs: number; readonly task: () => void }[] = [];
  #head = 0;
  #isSet = false;
  constructor(ms: number) {
    this.#ms = ms;
  }
  carry(task: () => void): void {
    this.#queue.push({ atMs: performance.now() + this.#ms, task });
    this.#set();
  }
  #set(): void {
    const next = this.#queue[this.#head];
    if (this.#isSet || next === undefined) return;
    this.#isSet = true;
    setTimeout(() => this.#run(), Math.max(1, Math.ceil(next.atMs - performance.now())));
  }
  #run(): void {
    this.#isSet = false;
    const now = performance.now();
    for (let next = this.#queue[this.#head]; next !== undefined && next.atMs <= now;) {
      this.#head += 1;
      next.task();
      next = this.#queue[this.#head];
    }
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
    this.#set();
  }
}

/** A netlayer whose peers are far away: what comes and what goes is carried for so long each. */
export const distant = (netlayer: Netlayer, delay: Delay): Netlayer => {
  const far =
    (accept: Accept): Accept =>
    (connection) => {
      const handler = accept({
        proved: connection.proved,
        records: connection.records,
        send: (bytes) => {
          delay.carry(() => void connection.send(bytes));
          return true;
        },
        pause: () => connection.pause(),
        resume: () => connection.resume(),
        close: (reason) => delay.carry(() => connection.close(reason)),
      });
      return {
        bytes: (chunk) => {
          const bytes = chunk.slice();
          delay.carry(() => handler.bytes(bytes));
        },
        drained: () => handler.drained(),
        closed: (reason) => delay.carry(() => handler.closed(reason)),
      };
    };
  return {
    facts: netlayer.facts,
    listen: (accept, ready, failed) => netlayer.listen(far(accept), ready, failed),
    dial: (to, accept, failed) => netlayer.dial(to, far(accept), failed),
    close: (done) => netlayer.close(done),
  };
};

/** A netlayer that dials, and tells of each frame that leaves. */
export const noticed = (netlayer: Netlayer, sent: () => void): Netlayer => ({
  facts: netlayer.facts,
  listen: (accept, ready, failed) => netlayer.listen(accept, ready, failed),
  dial: (to, accept, failed) =>
    netlayer.dial(
      to,
      (connection) =>
        accept({
          proved: connection.proved,
          records: connection.records,
          send: (bytes, isMore) => {
            sent();
            return connection.send(bytes, isMore);
          },
          pause: () => connection.pause(),
          resume: () => connection.resume(),
          close: (reason) => connection.close(reason),
        }),
      failed,
    ),
  close: (done) => netlayer.close(done),
});
