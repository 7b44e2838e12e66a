/** What a command says of its process beside its surroundings, from words to the numbers of this machine. */
import { StartFailed } from '../errors.ts';
import type { Command, ProcessTraits, StartManner } from '../words/types.ts';
import { groupOf, nodeAccounts, type Accounts } from './users.ts';

/** @throws StartFailed where a process is asked for that only the keeper can make */
export const refuseTraits = (
  { traits }: Command,
  { pidFile, keepsGroup }: StartManner = {},
): void => {
  const asked = [
    ...Object.keys(traits ?? {}),
    ...(pidFile === undefined ? [] : ['pidFile']),
    ...(keepsGroup === undefined ? [] : ['killGroup: false']),
  ];
  if (asked.length === 0) return;
  throw needsKeeper(`give a process ${asked.join(', ')}`);
};

/** What is asked for takes a keeper, and there is none. */
export const needsKeeper = (what: string): StartFailed => {
  const summary = `only a shepherd with its keeper can ${what}`;
  return new StartFailed(`${summary}; this one has none (herd status root says why)`, { summary });
};

/**
 * The numbers of supplementary groups; undefined where they are left alone.
 * @throws StartFailed where there is none of that name
 */
export const groupsOf = (
  { groups }: ProcessTraits,
  accounts: Accounts = nodeAccounts(),
): readonly number[] | undefined => groups?.map((each) => groupOf(each, accounts));

/** Numbers of resource limits: those of Linux on all machines but mips, sparc and alpha. */
const limitNumbers: Readonly<Record<keyof NonNullable<ProcessTraits['limits']>, number>> = {
  cpuSeconds: 0,
  fileBytes: 1,
  dataBytes: 2,
  stackBytes: 3,
  coreBytes: 4,
  processes: 6,
  openFiles: 7,
  lockedBytes: 8,
  addressSpaceBytes: 9,
};
const unlimited = 2n ** 64n - 1n;

/** Of each limit its number, soft and hard. */
export const limitsOf = ({ limits = {} }: ProcessTraits): readonly (readonly bigint[])[] =>
  (Object.keys(limitNumbers) as (keyof typeof limitNumbers)[]).flatMap((name) => {
    const bounds = limits[name];
    if (bounds === undefined) return [];
    const numbers = bounds.map((each) => (each === 'unlimited' ? unlimited : BigInt(each)));
    return [[BigInt(limitNumbers[name]), ...numbers]];
  });
