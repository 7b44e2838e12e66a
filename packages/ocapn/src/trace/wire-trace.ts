/**
 * A trace of what one session says, in both directions: decoded, and without what is inside of it (shape.ts). What was
 * sent is read back from the bytes that leave, so that a trace shows what the peer will read.
 */
import { LIMITS } from '../limits.ts';
import type { Tap } from '../session/meter.ts';
import { joined } from '../syrup/values.ts';
import type { Descriptor, Operation } from '../wire/operations.ts';
import { OperationReader } from '../wire/read.ts';
import { shapeOf, type TraceDetail } from './shape.ts';

/** One message of a session, as plain data without any secret. */
export interface TracedMessage {
  readonly way: 'got' | 'sent';
  /** Among all of its session and direction, from 1: the same at the other end. */
  readonly number: number;
  readonly byteCount: number;
  /** As OCapN calls it, without its `op:`; `long` where it has too many bytes to be read once more. */
  readonly op: string;
  /** What it is for: `export 3`, `answer 12`. Numbers are those that stand on the wire. */
  readonly to?: string;
  /** The symbol in front of the arguments. */
  readonly method?: string;
  /** What the arguments are made of; of other operations what they say. */
  readonly args?: string;
  /** Where the sender wants to name the result. */
  readonly answer?: number;
  /** Who is told the result: `import-object 8`. */
  readonly resolver?: string;
}

/** Describes what it hears, one message at a time. */
export class WireTrace implements Tap {
  readonly #detail: TraceDetail;
  readonly #told: (message: TracedMessage) => void;
  readonly #ended: () => void;
  /** Its own: that of the router is in the middle of something. */
  readonly #reader = new OperationReader();
  /** `told` and `ended` are called while the session is at work: they must not throw, nor use it. */
  constructor(detail: TraceDetail, told: (message: TracedMessage) => void, ended: () => void) {
    this.#detail = detail;
    this.#told = told;
    this.#ended = ended;
  }
  got(number: number, operation: Operation, byteCount: number): void {
    const what = byteCount > LIMITS.traceDecodedBytes ? LONG : describe(operation, this.#detail);
    this.#told({ way: 'got', number, byteCount, ...what });
  }
  sent(number: number, parts: readonly Uint8Array[]): void {
    const byteCount = parts.reduce((sum, part) => sum + part.length, 0);
    this.#told({ way: 'sent', number, byteCount, ...this.#read(parts, byteCount) });
  }
  ended(): void {
    this.#ended();
  }

  #read(parts: readonly Uint8Array[], byteCount: number): Described {
    if (byteCount > LIMITS.traceDecodedBytes) return LONG;
    try {
      const operation = this.#reader.read(
        joined(parts, byteCount),
        0,
        LIMITS.traceDecodedBytes,
        false,
      );
      return operation === undefined ? UNREADABLE : describe(operation, this.#detail);
    } catch {
      return UNREADABLE; // whoever only looks must not end what he looks at
    }
  }
}

type Described = Omit<TracedMessage, 'way' | 'number' | 'byteCount'>;
const LONG: Described = { op: 'long' };
const UNREADABLE: Described = { op: 'unreadable' };

const describe = (operation: Operation, detail: TraceDetail): Described => {
  const { op } = operation;
  switch (op) {
    case 'deliver': {
      const { to, method, args, answer, resolver } = operation;
      return {
        op,
        to: at(to),
        ...(method !== undefined && { method: cut(method) }),
        args: shapeOf(args, detail),
        ...(answer !== undefined && { answer }),
        ...(resolver !== undefined && { resolver: at(resolver) }),
      };
    }
    case 'listen':
      return { op, to: at(operation.to), resolver: at(operation.listener) };
    case 'get':
    case 'index':
    case 'untag': {
      const { from, selector, answer } = operation;
      return { op, to: at(from), args: shapeOf([selector], detail), answer };
    }
    case 'gc-exports':
      return { op, args: positions(operation.positions, operation.deltas) };
    case 'gc-answers':
      return { op, args: positions(operation.positions) };
    case 'abort':
      return { op, args: cut(operation.reason) };
    case 'unknown':
      return { op, args: cut(operation.label) };
    default:
      return { op };
  }
};

const at = ({ kind, position }: Descriptor): string => `${kind} ${position}`;
const positions = (all: readonly number[], deltas?: readonly number[]): string => {
  const shown = all
    .slice(0, LIMITS.tracePositions)
    .map((position, n) => (deltas === undefined ? `${position}` : `${position}×${deltas[n] ?? 0}`));
  const more = all.length - shown.length;
  return `[${[...shown, ...(more > 0 ? [`+${more}`] : [])].join(' ')}]`;
};
const cut = (text: string): string =>
  text.length <= LIMITS.traceTextCharacters
    ? text
    : `${text.slice(0, LIMITS.traceTextCharacters)}…`;
