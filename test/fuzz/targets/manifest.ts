/** The manifest of a release, and its signatures: what is taken in is what would be written, to the byte. */
import {
  BadRelease,
  readManifest,
  readSignatures,
  writeManifest,
  writeSignatures,
} from '@bellwether/deploy';
import { compareBytes } from '../../../packages/ocapn/src/syrup/values.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { bytesOf } from './words.ts';

const sha = '0123456789abcdef'.repeat(4);
const file = (path: string): string => `{"mode":420,"path":"${path}","sha256":"${sha}","size":1}`;
const text = (files: string, links = '', more = ''): string =>
  `{"app":"web","checks":[${more}],"dataMigration":"none","files":[${files}],"links":[${links}],"run":{"command":["./a"]},"schema":1}`;
const key = 'A'.repeat(43);
const signatures = `[{"key":"${key}","signature":"${'A'.repeat(86)}"}]`;

/** What came of reading one of the two. */
const outcomeOf = <T>(
  input: Uint8Array,
  read: (from: Uint8Array) => T,
  write: (of: T) => Uint8Array,
): string => {
  let found: T;
  try {
    found = read(input);
  } catch (error) {
    if (error instanceof BadRelease) return kindOf(error);
    throw error;
  }
  must(compareBytes(write(found), input) === 0, 'what was read is written in another way');
  return 'read';
};

export const manifest: Target = {
  name: 'manifest',
  maxBytes: 2_048,
  blocksPerRun: 2_000,
  blocksPerByte: 60,
  words: [
    file('a'), file('a/b'), file('A'), `{"path":"l","to":"a"}`, `{"path":"l","to":"../a"}`, '"run":', '"schema":1', '"env":{"A":"b"}',
    '"dataMigration":"reversible"', ',', '{', '}', '[', ']', '"', '\\u0000', '\\ud800', '../', '/', '.', '..', '\xc3\xa4', '1e3',
    '-0', '{"kind":"exec","command":["x"]}', '"__proto__":{}', '"provenance":{"builder":"x"}', signatures,
  ].map(bytesOf), // prettier-ignore
  seeds: () =>
    [
      text(''),
      text(file('a')),
      text(`${file('a')},${file('b/c')}`, '{"path":"l","to":"b"}'),
      signatures,
      '[]',
    ].map(bytesOf),
  run: (input) =>
    new Set([
      `manifest ${outcomeOf(input, readManifest, writeManifest)}`,
      `signatures ${outcomeOf(input, readSignatures, writeSignatures)}`,
    ]),
};
