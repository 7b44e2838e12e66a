/**
 * What a tap has heard and nobody was told yet. It stands outside of all turns, since a session is at work when it
 * speaks: it keeps what has room, counts the rest, and wakes its actor once for all that has come since.
 */
import { WireTrace, type Tap, type TraceDetail, type TracedMessage } from '@bellwether/ocapn';
import { LIMITS } from '../limits.ts';
import { linkOf } from './events.ts';
import type { TraceLine } from './types.ts';

/** The power to listen in on a session; the result ends that. @throws Refused */
export type TapSession = (
  session: string,
  tap: Tap,
) => { readonly isDialler: boolean; readonly stop: () => void };

/** What is taken out of a buffer at once. */
export interface Heard {
  readonly lines: readonly TraceLine[];
  /** Those that had no room, behind the last of the lines and before what is taken next. */
  readonly droppedCount: number;
  /** More waits, and nobody is woken for it. */
  readonly hasMore: boolean;
  /** Nothing more comes: the session has ended, or so many bytes were heard. */
  readonly isOver?: 'ended' | 'bytes';
}

/** One trace, from its beginning to its end. */
export class TraceBuffer {
  readonly #session: string;
  readonly #wall: () => number;
  readonly #wake: () => void;
  readonly #stop: () => void;
  readonly #isDialler: boolean;
  #heardCount = 0;
  #lines: TraceLine[] = [];
  /** Where something had no room: behind so many lines of all that were kept. They come when the room is full. */
  #gaps: { readonly after: number; droppedCount: number }[] = [];
  #keptCount = 0;
  #leftBytes: number = LIMITS.traceBytes;
  #isOver: 'ended' | 'bytes' | undefined;
  #isAwake = false;

  /**
   * Begins to listen. `wake` is called when there is something, and not again before a `take` that has left nothing.
   * @throws as `tap`
   */
  constructor(
    tap: TapSession,
    session: string,
    detail: TraceDetail,
    wall: () => number,
    wake: () => void,
  ) {
    this.#session = session;
    this.#wall = wall;
    this.#wake = wake;
    const trace = new WireTrace(
      detail,
      (message) => this.#hear(message),
      () => this.#end('ended'),
    );
    const { isDialler, stop } = tap(session, trace);
    this.#isDialler = isDialler;
    this.#stop = stop;
  }
  /** The oldest that wait, as many as a batch has room for, and to the next gap. */
  take(): Heard {
    const takenCount = this.#keptCount - this.#lines.length;
    const toGap = (this.#gaps[0]?.after ?? Infinity) - takenCount;
    const lines = this.#lines.splice(0, Math.min(LIMITS.traceBatchCount, toGap));
    const droppedCount = lines.length === toGap ? (this.#gaps.shift()?.droppedCount ?? 0) : 0;
    const hasMore = this.#lines.length > 0;
    this.#isAwake = hasMore;
    const isOver = hasMore ? undefined : this.#isOver;
    return { lines, droppedCount, hasMore, ...(isOver !== undefined && { isOver }) };
  }
  /** Hears nothing more, and answers how many messages it has heard, told or not. May be called again. */
  stop(): number {
    this.#stop();
    return this.#heardCount;
  }

  #hear(message: TracedMessage): void {
    if (this.#isOver !== undefined) return;
    this.#heardCount += 1;
    const { way, number, args = '' } = message;
    const link = linkOf({ kind: way, isDialler: this.#isDialler, line: this.#session, number });
    this.#leftBytes -= LINE_BYTES + args.length;
    if (this.#lines.length >= LIMITS.traceWaitingCount) this.#drop();
    else {
      this.#keptCount += 1;
      this.#lines.push({ ...message, link, at: this.#wall() });
    }
    if (this.#leftBytes <= 0) {
      this.#stop();
      this.#end('bytes');
    } else this.#rouse();
  }
  #drop(): void {
    const last = this.#gaps.at(-1);
    if (last?.after === this.#keptCount) last.droppedCount += 1;
    else this.#gaps.push({ after: this.#keptCount, droppedCount: 1 });
  }
  #end(why: 'ended' | 'bytes'): void {
    this.#isOver ??= why;
    this.#rouse();
  }
  #rouse(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#wake();
  }
}

/** What a line has beside its arguments, about. */
const LINE_BYTES = 200;
