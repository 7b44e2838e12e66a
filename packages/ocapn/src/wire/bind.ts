import type { Descriptor, Envelope } from './operations.ts';

/** What a session does with each reference of a frame, in two passes. */
export interface Binder {
  /** First pass: throws when the descriptor may not stand there. Changes nothing. */
  check(reference: Descriptor | Envelope): void;
  /** Second pass: the live reference for a descriptor that was checked. Does not throw. */
  bind(reference: Descriptor | Envelope): unknown;
}
/** First pass over a tree as read. @throws what the binder throws */
export declare const check: (value: unknown, binder: Binder) => void;
/** Second pass: the same tree, changed in place, with live references. */
export declare const bind: (value: unknown, binder: Binder) => unknown;
