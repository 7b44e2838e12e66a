/**
 * Operations to bytes. All of these write into a frame that the caller has begun and end it; after
 * a throw the caller cancels the frame, and nothing was written.
 */
import { Limit } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { References } from '../syrup/references.ts';
import type { Writer } from '../syrup/write.ts';
import { HEAD_VALUES, HEADS } from './labels.ts';
import type { Descriptor, DescriptorKind } from './operations.ts';

/** Writes a reference inside a frame: what a `References` hook calls. The frame stays open. */
export const writeDescriptor = (out: Writer, kind: DescriptorKind, position: number): void => {
  out.raw(HEADS[kind], HEAD_VALUES);
  out.integer(position);
  out.closeRecord();
};

/**
 * Writes a message.
 * @param to an export or an answer of the peer
 * @param method goes in front of the arguments, as a symbol; undefined when the message has none
 * @param answer the number under which later messages may aim at the result; undefined: none
 * @param resolver our export number of an object that is told the result; undefined: nobody is
 * @throws Encode when an argument has no place on the wire; Limit
 */
export const writeDeliver = (
  out: Writer,
  references: References | undefined,
  to: Descriptor,
  method: string | undefined,
  args: readonly unknown[],
  answer: number | undefined,
  resolver: number | undefined,
): void => {
  out.raw(HEADS.deliver, HEAD_VALUES);
  writeDescriptor(out, to.kind, to.position);
  out.openList();
  if (method !== undefined) out.symbol(method);
  for (let i = 0; i < args.length; i++) out.value(args[i], references, 2);
  out.closeList();
  if (answer === undefined) out.boolean(false);
  else out.integer(answer);
  if (resolver === undefined) out.boolean(false);
  else writeDescriptor(out, 'import-object', resolver);
  out.closeRecord();
  out.end();
};

/** Asks the peer to tell our export number `listener` what its promise becomes. */
export const writeListen = (
  out: Writer,
  to: Descriptor,
  listener: number,
  wantsPartial: boolean,
): void => {
  out.raw(HEADS.listen, HEAD_VALUES);
  writeDescriptor(out, to.kind, to.position);
  writeDescriptor(out, 'import-object', listener);
  out.boolean(wantsPartial);
  out.closeRecord();
  out.end();
};

/**
 * Gives back `deltas[i]` mentions of each import `positions[i]`. @throws Limit for more than one
 * frame may hold
 */
export const writeGcExports = (
  out: Writer,
  positions: readonly number[],
  deltas: readonly number[],
): void => {
  out.raw(HEADS['gc-exports'], HEAD_VALUES);
  writeIntegers(out, positions);
  writeIntegers(out, deltas);
  out.closeRecord();
  out.end();
};

/**
 * Says that these answers will not be used any more. @throws Limit for more than one frame may hold
 */
export const writeGcAnswers = (out: Writer, positions: readonly number[]): void => {
  out.raw(HEADS['gc-answers'], HEAD_VALUES);
  writeIntegers(out, positions);
  out.closeRecord();
  out.end();
};

/** The last frame of a session. `reason` goes to the peer: no path, no secret. */
export const writeAbort = (out: Writer, reason: string): void => {
  out.raw(HEADS.abort, HEAD_VALUES);
  out.text(reason);
  out.closeRecord();
  out.end();
};

const writeIntegers = (out: Writer, numbers: readonly number[]): void => {
  if (numbers.length > LIMITS.values) {
    throw new Limit(`captp: cannot write a list of ${numbers.length} positions`);
  }
  out.openList();
  for (let i = 0; i < numbers.length; i++) out.integer(numbers[i] ?? 0);
  out.closeList();
};
