/** Keepers that differ in one number: made for tests of what happens where that is exceeded, or another one follows. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const sources = path.resolve(import.meta.dirname, '../../packages/keeper/src');

/** Compiles one into a folder; the result is its path. @throws with what the compiler says */
export const keeperVariant = (
  folder: string,
  defines: Readonly<Record<string, number | string>>,
): string => {
  const words = Object.entries(defines).map(([name, value]) =>
    typeof value === 'string' ? `-D${name}="${value}"` : `-D${name}=${value}u`,
  );
  const program = path.join(folder, 'other-keeper');
  const parts = fs
    .readdirSync(sources)
    .filter((name) => name.endsWith('.c'))
    .map((name) => path.join(sources, name));
  const args = ['-std=c11', '-D_GNU_SOURCE', '-O1', ...words, '-o', program, ...parts];
  const { status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  return program;
};
