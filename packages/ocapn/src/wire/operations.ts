/** What peers say to each other, as typed objects; nothing in them is bound to a session yet. */
import type { SyrupRecord } from '../syrup/values.ts';

/** Whose number a reference carries. Named from the receiver's side, as on the wire. */
export type DescriptorKind = 'import-object' | 'import-promise' | 'export' | 'answer';

/** A reference as it stands on the wire: a kind and a position, bound to nothing. */
export class Descriptor {
  readonly kind: DescriptorKind;
  /** A safe integer from 0. */
  readonly position: number;
  constructor(kind: DescriptorKind, position: number) {
    this.kind = kind;
    this.position = position;
  }
}

/** `desc:sig-envelope`: what was signed is kept as bytes, for the signature is over those. */
export class Envelope {
  readonly inner: SyrupRecord;
  /** The inner record exactly as it came. Owned by the envelope. */
  readonly innerBytes: Uint8Array;
  /** The whole envelope exactly as it came. Owned by the envelope. */
  readonly bytes: Uint8Array;
  /** Not looked at yet. */
  readonly signature: unknown;
  constructor(inner: SyrupRecord, innerBytes: Uint8Array, bytes: Uint8Array, signature: unknown) {
    this.inner = inner;
    this.innerBytes = innerBytes;
    this.bytes = bytes;
    this.signature = signature;
  }
}

/** The hello, unjudged: see `judgeHello`. */
export interface StartSession {
  readonly op: 'start-session';
  readonly version: unknown;
  readonly publicKey: unknown;
  readonly location: unknown;
  readonly signature: unknown;
  /** The location record exactly as it came: the signature is over it. */
  readonly locationBytes: Uint8Array;
}
/** A message to an export or to an answer. */
export interface Deliver {
  readonly op: 'deliver';
  /** An export or an answer. */
  readonly to: Descriptor;
  /** The symbol in front; undefined: none stands there, which is ordinary in OCapN. */
  readonly method: string | undefined;
  /** What follows. Fresh: the reader of the frame may change it in place. */
  readonly args: unknown[];
  /** Where the peer wants to name the result; undefined: nowhere. */
  readonly answer: number | undefined;
  /** An import-object or import-promise that is told the result; undefined: nobody. */
  readonly resolver: Descriptor | undefined;
  /**
   * Whether `args` hold a descriptor or an envelope: without one there is nothing to check and
   * bind.
   */
  readonly references: boolean;
}
/** Asks to be told what a promise becomes. */
export interface Listen {
  readonly op: 'listen';
  /** An export or an answer. */
  readonly to: Descriptor;
  /** An import-object or import-promise. */
  readonly listener: Descriptor;
  /** Whether also to tell when the promise became another promise. */
  readonly wantsPartial: boolean;
}
/** Binds an answer to a part of what a promise becomes: a field, an item, or what a tag wraps. */
export interface Select {
  readonly op: 'get' | 'index' | 'untag';
  /** An export or an answer. */
  readonly from: Descriptor;
  /** A field's name, an item's index from 0, or a tag. */
  readonly selector: string | number;
  readonly answer: number;
}
/**
 * Gives back references: `deltas[i]` mentions of `positions[i]`. Both lists have the same length.
 */
export interface GcExports {
  readonly op: 'gc-exports';
  readonly positions: readonly number[];
  /** Counts of mentions. */
  readonly deltas: readonly number[];
}
/** Says that these answers will not be used any more. */
export interface GcAnswers {
  readonly op: 'gc-answers';
  readonly positions: readonly number[];
}
/** The peer's last word. */
export interface Abort {
  readonly op: 'abort';
  /** For the log; cut to 1,024 characters. */
  readonly reason: string;
}
/** A whole record that is no operation known here. */
export interface Unknown {
  readonly op: 'unknown';
  /** The label's name as far as there is one, for the abort's text. */
  readonly label: string;
}
/** One record from a peer. */
export type Operation =
  StartSession | Deliver | Listen | Select | GcExports | GcAnswers | Abort | Unknown;
