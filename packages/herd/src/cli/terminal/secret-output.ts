/** Where secrets go on their way out. */
import fs from 'node:fs';
import path from 'node:path';
import { AlreadyThere } from '../../refs/secret-file.ts';
import type { Context } from '../context.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * Where a secret is to go: into a file, which must be free, or onto the screen where that is asked
 * for. Decided before there is a secret. `what` names it, with its article.
 * @throws Usage, AlreadyThere
 */
export const targetOf = ({ options }: Context, what: string): string | undefined => {
  const { out, reveal, yes } = options;
  if (out === undefined && reveal !== true)
    throw new Usage(
      `${what} is a secret and is not printed`,
      'Write it to a file with --out FILE, or see it with --reveal.',
    );
  const file = out === undefined ? undefined : path.resolve(out);
  if (file !== undefined) checkTarget(file, yes === true);
  return file;
};

const checkTarget = (file: string, replace: boolean): void => {
  const folder = path.dirname(file);
  if (!fs.existsSync(folder)) throw new Usage(`there is no folder ${folder}`);
  if (!replace && fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined)
    throw new AlreadyThere(`${file}: is there already; --yes replaces it`);
};
