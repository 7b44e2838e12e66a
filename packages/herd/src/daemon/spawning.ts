/** What becomes of a command that the owner wants run once: it runs where and as services do, but for what he says. */
import type { RunAs, SpawnPowers } from '@bellwether/shepherd';

/** Numbers are users and groups by number. */
export const spawning: SpawnPowers = {
  commandOf: ({ argv, directory, env, user, group }) => {
    const runAs: RunAs = {
      ...(user !== undefined && { user: accountOf(user) }),
      ...(group !== undefined && { group: accountOf(group) }),
    };
    return {
      argv,
      env,
      ...(directory !== undefined && { cwd: directory }),
      ...((user ?? group) !== undefined && { runAs }),
    };
  },
};

const accountOf = (text: string): string | number =>
  /^\d{1,10}$/.test(text) ? Number(text) : text;
