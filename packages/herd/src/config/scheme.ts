/** What is said to whoever has a configuration of GNU Shepherd: it is Scheme, and is written anew. */
import fs from 'node:fs';

const page = 'docs/GNU-SHEPHERD.md of Bellwether says what each part of it is here';

/** What to do about a file that is no configuration of ours; undefined where its name does not end as Scheme does. */
export const hintForScheme = (file: string): string | undefined =>
  file.endsWith('.scm') ? `Scheme is not read: ${page}` : undefined;

/** The same, where there is no configuration of ours and GNU Shepherd has its own in its usual place. */
export const hintForMover = (env: NodeJS.ProcessEnv): string | undefined => {
  const folder = env['XDG_CONFIG_HOME'] ?? `${env['HOME']}/.config`;
  const places = [`${folder}/shepherd/init.scm`, '/etc/shepherd.scm'];
  const file = places.find((place) => fs.existsSync(place));
  return file && `${file} is for GNU Shepherd and has to be written anew: ${page}`;
};
