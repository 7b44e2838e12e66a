/** The list of `npm run mutants` goes on meaning something while the sources change. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { mutants } from './sim/support/mutants.ts';

const root = path.resolve(import.meta.dirname, '..');

it.each(mutants)('$name changes one place, and names tests that exist', (mutant) => {
  const whole = fs.readFileSync(path.join(root, mutant.file), 'utf8');
  expect(whole.split(mutant.find)).toHaveLength(2);
  expect(mutant.tests.length).toBeGreaterThan(0);
  for (const file of mutant.tests) expect(fs.existsSync(path.join(root, file)), file).toBe(true);
});
