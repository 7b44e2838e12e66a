/** Locations, as Syrup and as text. Each that is taken in can be written in both forms, and is the same when read again. */
import { isDeepStrictEqual } from 'node:util';
import { ActorError } from '@bellwether/actors';
import {
  decode,
  encode,
  parseUri,
  type PeerLocation,
  peerUri,
  Sturdyref,
  sturdyrefFrom,
  sturdyrefUri,
} from '@bellwether/ocapn';
import { peerFrom, peerRecord } from '../../../packages/ocapn/src/identity/locator-record.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { LOCATOR_WORDS, SYRUP_WORDS, bytesOf } from './words.ts';

type Place = PeerLocation | Sturdyref;

const orWhy = <T>(make: () => T): T | string => {
  try {
    return make();
  } catch (error) {
    if (error instanceof ActorError) return kindOf(error);
    throw error;
  }
};
/** What two names of one place have in common. */
const essence = (place: Place): unknown =>
  place instanceof Sturdyref ? [place.peer, place.reveal()] : place;
const uriOf = (place: Place): string =>
  place instanceof Sturdyref ? sturdyrefUri(place) : peerUri(place);

/** @throws Broken where a place is another one after it was written and read */
const judge = (place: Place): void => {
  const uri = uriOf(place);
  const again = orWhy(() => parseUri(uri));
  must(typeof again !== 'string', `a place has no URI that can be read: ${String(again)}`);
  if (typeof again === 'string') return;
  must(isDeepStrictEqual(essence(again), essence(place)), 'the URI of a place names another');
  must(uriOf(again) === uri, 'a place has two URIs');
  const peer = place instanceof Sturdyref ? place.peer : place;
  const record = encode(peerRecord(peer));
  must(isDeepStrictEqual(peerFrom(decode(record)), peer), 'the record of a place names another');
};

const placeIn = (value: unknown): Place | string => {
  const peer = orWhy(() => peerFrom(value));
  return typeof peer === 'string' ? orWhy(() => sturdyrefFrom(value)) : peer;
};

export const locator: Target = {
  name: 'locator',
  maxBytes: 8_192,
  blocksPerRun: 2_000,
  blocksPerByte: 60,
  words: [...LOCATOR_WORDS, ...SYRUP_WORDS],
  seeds: () => LOCATOR_WORDS,
  run: (input) => {
    const value = orWhy(() => decode(input));
    const found = placeIn(value);
    if (typeof found === 'string') return new Set([found]);
    judge(found);
    return new Set([found instanceof Sturdyref ? 'a sturdyref' : 'a peer']);
  },
};

const URIS = [
  'ocapn://abc.tcp-tls',
  'ocapn://abc.tcp-tls/s/SmFkUTArK1J6c0Q0TSs0MHVMeFRXVmFWcU0xMERjQko',
  'ocapn://a.b.c-d.websocket/?host=127.0.0.1&port=22045',
  'ocapn://abc.tcp-tls/s/AAAA?host=%c3%a4+b&path=%2Ftmp',
  'ocapn://abc.tcp-tls?__proto__=1',
];
export const uri: Target = {
  name: 'uri',
  maxBytes: 8_192,
  blocksPerRun: 2_000,
  blocksPerByte: 60,
  words: LOCATOR_WORDS,
  seeds: () => URIS.map(bytesOf),
  run: (input) => {
    const found = orWhy(() => parseUri(Buffer.from(input).toString('utf8')));
    if (typeof found === 'string') return new Set([found]);
    judge(found);
    return new Set([found instanceof Sturdyref ? 'a sturdyref' : 'a peer']);
  },
};
