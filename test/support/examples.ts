/** The examples, run as `npm start` runs them, without a terminal. */
import fs from 'node:fs';
import path from 'node:path';
import { isAlive, type Begun, type Place } from './programs.ts';

const examples = path.resolve(import.meta.dirname, '../../fleet-examples');

/** Begins an example, which writes into the folder `example` of the place. */
export const beginExample = (place: Place, name: string): Begun =>
  place.begin(process.execPath, [path.join(examples, name, 'run.mjs')], {
    env: { FLEET_FOLDER: path.join(place.folder, 'example') },
  });

/** What was refused, in the order of the story. @throws where another number of commands ended with exit code 5 */
export const refusals = (stdout: string): readonly string[] => {
  const told = [...stdout.matchAll(/^herd: error: (.*)$/gm)].map(([, text = '']) => text);
  const codeCount = [...stdout.matchAll(/^\(exit code 5\)$/gm)].length;
  if (told.length !== codeCount) throw new Error(`${told.length} errors, ${codeCount} codes`);
  return told;
};

/** Whatever still runs of it: its processes have the folder in their environment. */
export const leftoversOf = (place: Place): readonly number[] =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(place.folder);
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number)
    .filter(isAlive);

/** Ends what a failed run left, and removes the place. */
export const cleanExample = async (place: Place): Promise<void> => {
  for (const pid of leftoversOf(place)) process.kill(pid, 'SIGKILL');
  await place.clean();
};
