/**
 * Operations. What is read does not depend on how the bytes lie, or on whose they are; the beginning of an operation is
 * never taken for anything but that; and what the plain reader writes again means the same.
 */
import { isDeepStrictEqual } from 'node:util';
import { ActorError } from '@bellwether/actors';
import { decode, encode } from '@bellwether/ocapn';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import type { Operation } from '../../../packages/ocapn/src/wire/operations.ts';
import { OperationReader } from '../../../packages/ocapn/src/wire/read.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { CAPTP_WORDS, LOCATOR_WORDS, SYRUP_WORDS } from './words.ts';

/** Values fewer than in a real record, so that an input reaches the limit. */
const LIMITS_HERE = { ...LIMITS, cacheSlots: 64, values: 1_000, recordBytes: 3_000 };

/** One whole operation, its beginning, or why it is none. */
const read = (
  bytes: Uint8Array,
  from: number,
  isOwned: boolean,
): Operation | undefined | string => {
  const reader = new OperationReader(LIMITS_HERE);
  try {
    const operation = reader.read(bytes, from, LIMITS_HERE.recordBytes, isOwned);
    if (operation !== undefined) must(reader.end <= bytes.length, 'it ends behind its bytes');
    return operation;
  } catch (error) {
    if (error instanceof ActorError) return kindOf(error);
    throw error;
  }
};
const lengthOf = (bytes: Uint8Array): number => {
  const reader = new OperationReader(LIMITS_HERE);
  reader.read(bytes, 0, LIMITS_HERE.recordBytes, false);
  return reader.end;
};

/** The operation as the plain writer would have sent it; undefined where that refuses, as it does what stands twice. */
const rewritten = (record: Uint8Array): Uint8Array | undefined => {
  try {
    return encode(decode(record));
  } catch (error) {
    if (error instanceof ActorError) return undefined;
    throw error;
  }
};
/** Signatures are over the bytes that came, which another spelling changes. */
const hasBytesOfItsOwn = (record: Uint8Array): boolean =>
  /desc:sig-envelope|op:start-session/.test(Buffer.from(record).toString('latin1'));

const judgeWhole = (record: Uint8Array, operation: Operation): void => {
  must(isDeepStrictEqual(read(record, 0, true), operation), 'owned bytes mean something else');
  const behind = new Uint8Array(record.length + 3);
  behind.set(record, 3);
  must(
    isDeepStrictEqual(read(behind, 3, false), operation),
    'bytes behind others mean something else',
  );
  for (let length = 0; length < record.length; length += 1 + (record.length >> 5))
    must(read(record.slice(0, length), 0, false) === undefined, 'a beginning is no beginning');
  const again = hasBytesOfItsOwn(record) ? undefined : rewritten(record);
  if (again === undefined) return;
  const meaning = read(again, 0, false);
  // Another spelling may be longer than a record may be.
  if (typeof meaning === 'string') return;
  must(isDeepStrictEqual(meaning, operation), 'its canonical form means something else');
};

export const operations: Target = {
  name: 'operations',
  maxBytes: 4_096,
  blocksPerRun: 20_000,
  blocksPerByte: 100,
  words: [...CAPTP_WORDS, ...SYRUP_WORDS, ...LOCATOR_WORDS],
  seeds: () => CAPTP_WORDS,
  run: (input) => {
    const operation = read(input, 0, false);
    if (operation === undefined) return new Set(['a beginning']);
    if (typeof operation === 'string') return new Set([operation]);
    judgeWhole(input.slice(0, lengthOf(input)), operation);
    return new Set([operation.op]);
  },
};
