/**
 * Variables that stand in files, one `NAME=value` a line, so that secrets are in no configuration: read at each start,
 * by the shepherd's user. Empty lines and those that begin with # or ; mean nothing; a value that is quoted as a whole
 * is what stands between the quotes; nothing is expanded. What stands further behind wins.
 */
import fs from 'node:fs';
import { StartFailed } from '../errors.ts';
import { environmentFileBytes } from './limits.ts';
import { openToRead } from './open-folder.ts';
import { explain } from './program.ts';

/**
 * `uid` is that of the shepherd.
 * @throws StartFailed for a file that cannot be read, or is something else; no message has anything of its content
 */
export const readEnvironmentFiles = (
  files: readonly string[],
  uid: number,
): Readonly<Record<string, string>> =>
  Object.fromEntries(files.flatMap((file) => readOne(file, uid)));

const readOne = (file: string, uid: number): readonly (readonly [string, string])[] => {
  const fail = (why: string, cause?: unknown): never => {
    throw new StartFailed(`exec: environment file ${file}: ${why}`, {
      cause,
      summary: `exec: an environment file: ${why}`,
    });
  };
  let bytes: Buffer;
  try {
    bytes = readUpTo(file, uid, environmentFileBytes + 1);
  } catch (error) {
    return fail(explain(error), error);
  }
  if (bytes.length > environmentFileBytes)
    return fail(`has more than ${environmentFileBytes} bytes`);
  const text = bytes.toString('utf8');
  return text.split(/\r?\n/).flatMap((line, at) => {
    // Trimmed apart: one expression for both would take the square of the spaces in a line.
    const said = line.trim();
    if (said === '' || /^[#;]/.test(said)) return [];
    const [, name, value = ''] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(said) ?? [];
    if (name === undefined) return fail(`line ${at + 1}: expected NAME=value`);
    return [[name, /^(["'])(.*)\1$/.exec(value)?.[2] ?? value] as const];
  });
};

/** Of a plain file: a pipe could keep the daemon waiting. */
const readUpTo = (file: string, uid: number, most: number): Buffer => {
  const opened = openToRead(file, uid);
  try {
    if (!fs.fstatSync(opened).isFile()) throw new Error('is not a regular file');
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, fs.readSync(opened, bytes, 0, most, 0));
  } finally {
    fs.closeSync(opened);
  }
};
