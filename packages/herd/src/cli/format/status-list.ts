/**
 * `herd status`: every service under what it is doing. Groups, their order and signs are GNU's;
 * failed, unknown and gone are ours.
 */
import { unknownStatus } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import type { ShownStatus } from './shown-status.ts';
import { healthWords, isUnwell } from './health.ts';
import { ageText } from './times.ts';

interface Group {
  readonly title: string;
  readonly sign: string;
  readonly style: Style;
  readonly has: (status: ShownStatus) => boolean;
}

/** Whatever of a fleet still runs, where it has failed it is listed as that. */
const unwell: Group = { title: 'Failed:', sign: '!', style: 'red', has: isUnwell };
/** A stopped one-shot service is listed under its own title, a failed one under its own. */
const groups: readonly Group[] = [
  {
    title: 'Started:',
    sign: '+',
    style: 'green',
    has: ({ stage, timer }) => stage === 'running' && timer === undefined,
  },
  {
    title: 'Running timers:',
    sign: '+',
    style: 'green',
    has: ({ stage, timer }) => stage === 'running' && timer !== undefined,
  },
  { title: 'Starting:', sign: '^', style: 'yellow', has: ({ stage }) => stage === 'starting' },
  {
    title: 'Stopped:',
    sign: '-',
    style: 'magenta',
    has: (status) => isStopped(status) && status.failure === undefined && !status.isOneShot,
  },
  { title: 'Stopping:', sign: 'v', style: 'yellow', has: ({ stage }) => stage === 'stopping' },
  {
    title: 'One-shot:',
    sign: '*',
    style: 'magenta',
    has: (status) => isStopped(status) && status.failure === undefined && status.isOneShot,
  },
  {
    title: 'Failed to start:',
    sign: '!',
    style: 'red',
    has: (status) => isStopped(status) && status.failure !== undefined,
  },
  {
    title: 'Unknown:',
    sign: '?',
    style: 'yellow',
    has: ({ stage, isGone }) => stage === 'unknown' && isGone !== true,
  },
  {
    title: 'Gone:',
    sign: 'x',
    style: 'dim',
    has: ({ stage, isGone }) => stage === 'unknown' && isGone === true,
  },
];
const isStopped = ({ stage }: ShownStatus): boolean => stage === 'stopped';

/** The shepherd itself, which GNU `herd` lists among its services: whoever answers runs. */
export const rootStatus: ShownStatus = { ...unknownStatus('root', ''), stage: 'running' };

/**
 * The lines of `herd status`, without line ends; names sorted within each group, empty groups left
 * out.
 */
export const statusListLines = (services: readonly ShownStatus[], look: Look): readonly string[] =>
  [...groups, unwell].flatMap((group) => {
    const isHere = (one: ShownStatus) => group.has(one) && isUnwell(one) === (group === unwell);
    const members = services.filter(isHere).sort(byName);
    if (members.length === 0) return [];
    return [
      look.paint('bold', group.title),
      ...members.map((status) => entry(group, status, look)),
    ];
  });

const nameOf = (status: ShownStatus): string => status.provision[0] ?? '';
/** By code unit, the same on every machine. */
const byName = (a: ShownStatus, b: ShownStatus): number =>
  nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0;

/**
 * GNU has nothing after the name; what we add stands in brackets, and only where there is something
 * to say.
 */
const entry = (group: Group, status: ShownStatus, look: Look): string => {
  const notes = [...countNote(status), ...readyNote(status), ...originNotes(status)];
  const note = notes.length === 0 ? '' : look.paint('dim', ` (${visible(notes.join('; '))})`);
  return ` ${look.paint(group.style, group.sign)} ${visible(nameOf(status))}${note}`;
};

const countNote = (status: ShownStatus): readonly string[] => {
  const { members, runningCount } = status;
  if (members === undefined) return [];
  return [`${runningCount ?? 0}/${members.length}`, ...healthWords(status)];
};

const readyNote = ({ stage, isReady, members }: ShownStatus): readonly string[] =>
  stage === 'running' && isReady === false && members === undefined ? ['not ready'] : [];

const originNotes = (status: ShownStatus): readonly string[] => {
  const { origin, stage, unknownReason, ageMs, members } = status;
  if (status.isGone === true) return origin === undefined ? [] : [`at ${origin}`];
  if (stage === 'unknown') {
    // What a fleet knows is as old as what it knows of each member, and that is told of each.
    const seen = members === undefined ? lastSeen(ageMs) : [];
    return [unknownReason ?? 'nothing is known', ...seen];
  }
  if (origin === undefined || members !== undefined) return [];
  return ageMs === undefined || ageMs < 1_000
    ? [`at ${origin}`]
    : [`at ${origin}`, `seen ${ageText(ageMs)}`];
};

const lastSeen = (ageMs: number | undefined): readonly string[] =>
  ageMs === undefined ? [] : [`last seen ${ageText(ageMs)}`];
