/**
 * What fuzzing has found worth keeping, run again: inputs that together reach all of the code that any has reached, and
 * those that once broke a rule, each in a file that says which. `npm run fuzz` goes on from the former.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { toText, unpack } from './engine/packed.ts';
import { TARGETS } from './targets/index.ts';

const folder = import.meta.dirname;
const inputsIn = (file: string): readonly Uint8Array[] =>
  unpack(fs.readFileSync(path.join(folder, file), 'utf8'));

describe.each(TARGETS)('$name', (target) => {
  it('keeps its rules, whatever of the corpus comes', () => {
    const inputs = inputsIn(`corpus/${target.name}.txt`);
    expect(inputs.length).toBeGreaterThan(0);
    for (const input of inputs) expect(() => target.run(input), toText(input)).not.toThrow();
  });
  const findings = fs
    .readdirSync(path.join(folder, 'findings'))
    .filter((file) => file.startsWith(`${target.name}-`));
  for (const file of findings) {
    const title = file.slice(target.name.length + 1, -'.txt'.length).replaceAll('-', ' ');
    it(`no longer: ${title}`, () => {
      for (const input of inputsIn(`findings/${file}`))
        expect(() => target.run(input), toText(input)).not.toThrow();
    });
  }
});

it('has a target for every file', () => {
  const isNamed = (file: string): boolean =>
    TARGETS.some(({ name }) => file === `${name}.txt` || file.startsWith(`${name}-`));
  const files = ['corpus', 'findings'].flatMap((part) => fs.readdirSync(path.join(folder, part)));
  expect(files.filter((file) => !isNamed(file))).toEqual([]);
});
