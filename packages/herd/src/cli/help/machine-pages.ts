/** The pages of what is asked about one machine. */
import type { Page } from './page.ts';

/** By action. */
export const machinePages: Readonly<Record<string, Page>> = {
  why: {
    text:
      'Says in sentences why a service runs or does not, from what its shepherd has written down: what its last ' +
      'start or stop came from (a command, and who gave it; another service; a requirement that was lost; a ' +
      'respawn; a reload; the beginning of the shepherd), also where the shepherd itself was killed meanwhile; ' +
      'whether it is disabled, and by whom; how its last process ended, with the end of its log; what it waits ' +
      'for, or when it is started again; and the same of what it requires, or of the members of a fleet, as far as ' +
      'those have a part in it. Of a service elsewhere, what was seen of it and how long ago. Last come commands ' +
      'that go on from there. Exit code 0 where it is as it was wished, 1 where it is not, 4 where nobody can tell. ' +
      'With -l it says so of each that has such labels, or of those members of a fleet here; 3 where some are not.',
    examples: [
      ['herd why web-server', 'why does it not run?'],
      ['herd why web-server-fleet', 'which members do not serve, and why'],
      ["herd why -l 'role=web,!canary'", 'of each that has these labels'],
      ['herd why web-server --json', 'the causes as data, one below the other'],
    ],
  },
  top: {
    text:
      'What each service uses that has a process: CPU time between two looks, in percent of one CPU, memory, ' +
      'processes, threads and open descriptors of its process group, and how often it was started again. root is ' +
      'the shepherd. On a terminal the table is drawn anew every two seconds: c, m and n sort it by CPU, memory and ' +
      'name, the arrows move a long one, q ends. Elsewhere, with --once or with --json, it is one table of one ' +
      'second. The shepherd looks only while somebody asks. With -l it is about those with such labels alone.',
    examples: [
      ['herd top', 'until q'],
      ['herd top --sort memory --once', 'the largest first, once'],
      ['herd top -l role=web', 'of these alone'],
      ['herd top --json', 'as data'],
    ],
  },
};
