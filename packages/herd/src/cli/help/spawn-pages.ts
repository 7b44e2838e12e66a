/** What `herd help` says of commands that are run once. */
import type { Page } from './page.ts';

const options = {
  name: 'NAME: what the service is called (default: transient-1 or timer-1, and so on)',
  env: 'NAME=VALUE: a variable that it is run with',
} as const;

/** By action. */
export const spawnPages: Readonly<Record<string, Page>> = {
  spawn: {
    text:
      'Has the shepherd run a command once, as a service that nobody has configured, and prints its name. ' +
      'It runs where and as other services do, unless options say otherwise, goes on when the shepherd ' +
      "ends, and is never started again. 'herd status' and 'herd log' know it; 'herd stop transient' ends " +
      'all of them. Once it has ended it is in no list, and can be asked for by its name for a day. Only ' +
      'the owner of the machine may. What stands behind -- is the command, as typed.',
    examples: [
      ['herd spawn -- make backup', 'run it now'],
      [
        'herd spawn -N report -d /srv/web -E MONTH=11 -- ./report',
        'with a name, a folder and a variable',
      ],
      ['herd spawn --user www-data -- ./clean', 'as somebody else'],
    ],
    options,
  },
  schedule: {
    text:
      'Has a command run once at a time: at HH:MM or HH:MM:SS, which is the next one; on a day, at YYYY-MM-' +
      'DD HH:MM; or in 90s, 10m, 2h, 1d. Local time of the shepherd, up to a year ahead. It waits over ' +
      'restarts of the shepherd, and runs at once where its time has passed meanwhile. The options are ' +
      "those of spawn. 'herd stop timer-1' calls one off, 'herd stop timer' all. What is to happen again " +
      'and again is a timer of the configuration.',
    examples: [
      ['herd schedule at 03:15 -- make backup', 'the next time that it is a quarter past three'],
      ['herd schedule in 10m -- ./remind', 'in ten minutes'],
      ['herd schedule at 2026-12-24 18:00 -- ./bell', 'on a day'],
    ],
    options,
  },
};
