/** People with grants, for tests of the real programs: each has a home, and so refs and a key, of their own. */
import fs from 'node:fs';
import path from 'node:path';
import { bins, type Begun, type Daemon, type Ended, type Place } from './programs.ts';

/** Somebody who has no shepherd. */
export interface Person {
  readonly folder: string;
  herd(...words: readonly string[]): Promise<Ended>;
  /** The same, without waiting for its end. */
  begin(...words: readonly string[]): Begun;
}

/** Makes somebody, who holds nothing yet. */
export const person = (place: Place, name: string): Person => {
  const folder = path.join(place.folder, `home-of-${name}`);
  fs.mkdirSync(folder, { mode: 0o700 });
  const env = { HOME: folder, XDG_DATA_HOME: path.join(folder, 'data') };
  const begin = (...words: readonly string[]): Begun =>
    place.begin(process.execPath, [bins.herd, ...words], { env, cwd: folder });
  return { folder, begin, herd: (...words) => begin(...words).ended };
};

/** Who makes grants: a shepherd's owner, or somebody who passes on. */
type Grantor = Pick<Daemon, 'herd'>;

/** Makes a grant for eight hours; the file of its invite. */
export const grantTo = async (
  place: Place,
  grantor: Grantor,
  service: string,
  name: string,
  allow: string,
  ...more: readonly string[]
): Promise<string> => {
  const file = path.join(place.folder, `${name}.invite`);
  const lasts = more.includes('--expires') ? [] : ['--expires', '8h'];
  const words = ['grant', service, '--to', name, '--allow', allow, ...lasts, ...more];
  await succeed(grantor, [...words, '--out', file]);
  return file;
};

/** Accepts an invite under the name of its service. */
export const accept = (who: Person, invite: string): Promise<Ended> =>
  succeed(who, ['accept', '--from', invite]);

const succeed = async (who: Grantor, words: readonly string[]): Promise<Ended> => {
  const ended = await who.herd(...words);
  if (ended.code !== 0) throw new Error(`herd ${words.join(' ')}: ${ended.stdout}${ended.stderr}`);
  return ended;
};
