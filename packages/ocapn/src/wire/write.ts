import type { References, Writer } from '../syrup/write.ts';
import type { Descriptor, DescriptorKind } from './operations.ts';

/** All of these write into a frame that the caller has begun, and leave it to the caller to cancel it after a throw. */
export declare const writeDescriptor: (out: Writer, kind: DescriptorKind, position: number) => void;
/** `method` undefined: the message has none. `answer` and `resolver` are our numbers, undefined for none. @throws Encode, Limit */
export declare const writeDeliver: (
  out: Writer,
  references: References | undefined,
  to: Descriptor,
  method: string | undefined,
  args: readonly unknown[],
  answer: number | undefined,
  resolver: number | undefined,
) => void;
export declare const writeListen: (
  out: Writer,
  to: Descriptor,
  listener: number,
  wantsPartial: boolean,
) => void;
export declare const writeSelect: (
  out: Writer,
  op: 'get' | 'index' | 'untag',
  from: Descriptor,
  selector: string | number,
  answer: number,
) => void;
export declare const writeGcExports: (
  out: Writer,
  positions: readonly number[],
  deltas: readonly number[],
) => void;
export declare const writeGcAnswers: (out: Writer, positions: readonly number[]) => void;
export declare const writeAbort: (out: Writer, reason: string) => void;
