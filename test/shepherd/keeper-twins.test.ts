/** protocol.h of the keeper and protocol.ts of the daemon are twins: every number that both name is the same. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import * as protocol from '../../packages/shepherd/src/node/keeper/protocol.ts';

const header = fs.readFileSync(
  path.resolve(import.meta.dirname, '../../packages/keeper/src/protocol.h'),
  'utf8',
);
const skipped = 0x8000;
/** The enumerators of the header whose names begin so; of a part of them, in lower case without that. */
const enumerated = (prefix: string, isPart = (_name: string): boolean => true) =>
  Object.fromEntries(
    [...header.matchAll(/\b([A-Z][A-Z_0-9]*) = (\d+)/g)]
      .filter(([, name = '']) => name.startsWith(prefix) && isPart(name))
      .map(([, name = '', value]) => [name.slice(prefix.length), Number(value)]),
  );
/** Names of the daemon as the header writes them. */
const asInHeader = (names: Readonly<Record<string, number>>, prefix = '') =>
  Object.fromEntries(
    Object.entries(names).map(([name, value]) => [
      `${prefix}${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      value,
    ]),
  );

it.each<[string, Readonly<Record<string, number>>, Readonly<Record<string, number>>]>([
  ['tags', enumerated('TAG_'), asInHeader(ofAll())],
  ['ways to open', enumerated('OPEN_'), asInHeader(protocol.ways)],
  ['flags', enumerated('FLAG_'), asInHeader(protocol.flags)],
  ['styles', enumerated('STYLE_'), asInHeader(protocol.styles)],
  ['families', enumerated('PLACE_'), asInHeader(protocol.families)],
  [
    'features', // that of the anchor alone is nothing to the daemon
    enumerated('FEATURE_', (name) => name !== 'FEATURE_HEIR'),
    asInHeader(protocol.features),
  ],
])('%s', (_what, theirs, ours) => {
  expect(Object.keys(theirs).length).toBeGreaterThan(1);
  expect(ours).toEqual(theirs);
});

it('types of frames', () => {
  const body = /\/\* Types of frames\. \*\/\nenum \{([^}]*)\}/.exec(header)?.[1] ?? '';
  const theirs = Object.fromEntries(
    [...body.matchAll(/\b([A-Z_]+) = (\d+)/g)].map(([, name = '', value]) => [name, Number(value)]),
  );
  const ours = Object.entries(protocol.types).map(([name, value]) => [
    name.replace(/^says/, 'SAY_').toUpperCase(),
    value,
  ]);
  expect(Object.fromEntries(ours)).toEqual(theirs);
});

it('tags that may be skipped', () => {
  const theirs = Object.fromEntries(
    [...header.matchAll(/#define TAG_(\w+) \(TAG_MAY_BE_SKIPPED \| (\d+)u\)/g)].map(
      ([, name = '', value]) => [name, skipped | Number(value)],
    ),
  );
  const ours = Object.entries(protocol.tags).filter(([, value]) => value >= skipped);
  expect(ours.length).toBeGreaterThan(1);
  expect(asInHeader(Object.fromEntries(ours))).toEqual(theirs);
});

/** Those that every end knows. */
function ofAll(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(protocol.tags).filter(([, value]) => value < skipped));
}
