/**
 * The lives of a daemon, one after the other, and the two ways in which the outside ends them.
 *
 *     what happens                        with a life                      without one
 *     the life halts                      another one after a pause
 *     a signal                            services stop in order, the end  the next life ends so
 *     SIGUSR2                             the process ends with it; services stay for the next daemon
 *     a second signal, or too long a stop the process ends at once; services stay for the next daemon
 *     an error that nobody caught         the life halts                   noted
 *     another within a second             exit 70; services stay for the next daemon
 *
 * The pause doubles from 100 ms up to 5 s, and starts anew after a life that lasted a minute. However often that
 * happens the process goes on: services without their supervisor are worse than a log full of reasons, and a full disk
 * is emptied one day. Nothing here asks an actor for leave: whoever fills the
 * tables of a shepherd can spoil its orderly end, never the end itself.
 */
import type { Log } from '@bellwether/actors';
import type { Life, LifeEnd } from './life.ts';

/** What lives are lived with. All of it belongs to the daemon. */
export interface LivesPowers {
  /** Makes the next life from the records; it does not serve yet. */
  readonly next: () => Promise<Life>;
  /** Told once, when the first life serves. */
  readonly announce: (life: Life) => void;
  readonly log: Log;
  /** One line for whoever started the daemon. */
  readonly say: (line: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Calls back once, so many milliseconds later. */
  readonly after: (ms: number, task: () => void) => void;
  /** Longest orderly end by now, in milliseconds. */
  readonly stopMs: () => number;
  /** Ends the process at once, with this exit code, and leaves no key behind. */
  readonly leave: (exitCode: number) => void;
}

const firstPauseMs = 100;
const maxPauseMs = 5_000;
const steadyMs = 60_000;
/** Two errors that nobody caught within this time are more than one life's affair. */
const escapeMs = 1_000;
/** EX_SOFTWARE of sysexits.h: an error in the program itself. */
const softwareExit = 70;

/** Runs one life after the other. */
export class Lives {
  readonly #powers: LivesPowers;
  #current: Life | undefined;
  #isStopping: boolean;
  #isDetaching: boolean;
  #escapedAtMs: number;

  constructor(powers: LivesPowers) {
    this.#powers = powers;
    this.#current = undefined;
    this.#isStopping = false;
    this.#isDetaching = false;
    this.#escapedAtMs = -Infinity;
  }

  /**
   * Settles when a life was shut down or detached.
   * @throws what keeps the first life from serving, and why one halted while it was to end.
   */
  async run(): Promise<void> {
    const { now, log, after } = this.#powers;
    for (let shortLives = 0, isFirst = true; ; isFirst = false) {
      const begun = now();
      const end = await this.#live(isFirst);
      if (end.kind !== 'halted' || this.#isDetaching) return;
      log('daemon.halted', { reason: end.reason });
      shortLives = now() - begun < steadyMs ? shortLives + 1 : 1;
      if (this.#isStopping) throw end.reason;
      const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** (shortLives - 1));
      await new Promise<void>((resolve) => after(pauseMs, resolve));
      if (this.#isDetaching) return;
    }
  }

  /** A signal asks for the end. */
  stop(signal: string): void {
    const { log, say, after } = this.#powers;
    const stopMs = this.#powers.stopMs();
    if (this.#isStopping) return this.#leave('daemon.stopped-at-once', `${signal} again`, signal);
    this.#isStopping = true;
    log('daemon.stopping', { signal, limitMs: stopMs });
    say(
      `${signal}: stopping all services. A second signal ends the shepherd at once and leaves them to the next one.`,
    );
    after(stopMs, () => {
      this.#leave('daemon.stop-too-long', `not over after ${stopMs / 1_000} s`, signal);
    });
    this.#current?.shutDown();
  }

  /** A signal asks to end the process, and to leave what runs to the next daemon. */
  detach(signal: string): void {
    const { log, say } = this.#powers;
    this.#isDetaching = true;
    log('daemon.detaching', { signal });
    say(`${signal}: the shepherd ends; its services go on and are left to the next one.`);
    this.#current?.detach();
  }

  /** An error reached the event loop: what it left half done is unknown, so the life ends, and not the process. */
  escaped(error: unknown, origin: string): void {
    const { now, log, leave } = this.#powers;
    const reason = error instanceof Error ? error : new Error(String(error));
    const place = reason.stack?.split('\n')[1]?.trim();
    log('daemon.escaped', { origin, reason, ...(place === undefined ? {} : { place }) });
    const isSecond = now() - this.#escapedAtMs < escapeMs;
    this.#escapedAtMs = now();
    if (!isSecond) return this.#current?.halt(reason);
    log('daemon.gave-up', { reason, exitCode: softwareExit });
    leave(softwareExit);
  }

  async #live(isFirst: boolean): Promise<LifeEnd> {
    try {
      const life = await this.#powers.next();
      this.#current = life;
      if (this.#isDetaching) {
        life.detach();
        return await life.ended;
      }
      await life.serve();
      if (isFirst) this.#powers.announce(life);
      if (this.#isStopping) life.shutDown();
      return await life.ended;
    } catch (error) {
      // Ended before it served, as it was asked to.
      if (this.#isDetaching) return { kind: 'detached' };
      // Of the first life it is the operator who has to know; a later one may find the disk mended next time.
      if (isFirst) throw error;
      return {
        kind: 'halted',
        reason: error instanceof Error ? error : new Error(String(error)),
      };
    } finally {
      this.#current = undefined;
    }
  }

  #leave(event: string, why: string, signal: string): void {
    const { log, say, leave } = this.#powers;
    log(event, { signal });
    say(`${why}: the shepherd ends at once; services that still run are left to the next one.`);
    leave(1);
  }
}
