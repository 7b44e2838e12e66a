/**
 * Values. Whatever is read can be written, and is then read and written the same; the reader and the splitter, which finds
 * the end of what comes in pieces, never disagree about that end.
 */
import { ActorError } from '@bellwether/actors';
import { decode, encode } from '@bellwether/ocapn';
import { compareBytes } from '../../../packages/ocapn/src/syrup/values.ts';
import { Splitter } from '../../../packages/ocapn/src/syrup/split.ts';
import { incomplete, Reader } from '../../../packages/ocapn/src/syrup/read.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { SYRUP_WORDS } from './words.ts';

const LIMITS_HERE = { ...LIMITS, cacheSlots: 64 };

/** Reads the first value. @returns where it ends; undefined where there is more to come; words about why there is none */
const firstEnd = (bytes: Uint8Array): number | undefined | string => {
  const reader = new Reader(undefined, undefined, LIMITS_HERE);
  reader.begin(bytes, 0, LIMITS.recordBytes, false);
  try {
    reader.value(0);
    return reader.at;
  } catch (error) {
    if (error === incomplete) return undefined;
    if (error instanceof ActorError) return kindOf(error);
    throw error;
  }
};

/** The same by the splitter, from pieces of so many bytes. */
const splitEnd = (bytes: Uint8Array, pieceBytes: number): number | undefined | string => {
  const splitter = new Splitter(LIMITS_HERE);
  splitter.begin(LIMITS.recordBytes);
  try {
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      const end = splitter.scan(bytes.subarray(from, from + pieceBytes), 0);
      if (end >= 0) return from + end;
    }
    return undefined;
  } catch (error) {
    if (error instanceof ActorError) return kindOf(error);
    throw error;
  }
};

const judgeWritten = (value: unknown): string => {
  let written: Uint8Array;
  try {
    written = encode(value);
  } catch (error) {
    // Sets and dictionaries of Goblins that hold one thing twice are read, since one odd argument costs no session.
    if (error instanceof ActorError) return `unwritten ${kindOf(error)}`;
    throw error;
  }
  const again = decode(written);
  must(compareBytes(encode(again), written) === 0, 'what was written is not what is written again');
  return 'written';
};

export const syrup: Target = {
  name: 'syrup',
  maxBytes: 4_096,
  blocksPerRun: 2_000,
  blocksPerByte: 60,
  words: SYRUP_WORDS,
  seeds: () => SYRUP_WORDS,
  run: (input) => {
    const found = new Set<string>();
    const end = firstEnd(input);
    const whole = splitEnd(input, input.length + 1);
    const inPieces = splitEnd(input, 3);
    if (typeof whole !== 'string' && typeof inPieces !== 'string')
      must(whole === inPieces, 'the splitter finds another end in pieces');
    found.add(`read ${typeof end === 'string' ? end : typeof end}`);
    found.add(`split ${typeof whole === 'string' ? whole : typeof whole}`);
    if (typeof end === 'number')
      must(whole === end, 'the splitter finds another end than the reader');
    // A reader that waits for more while the splitter has all would wait for ever.
    if (end === undefined)
      must(typeof whole !== 'number', 'the reader waits for more, and there is none');
    if (typeof end === 'number') found.add(judgeWritten(decode(input.subarray(0, end))));
    return found;
  },
};
