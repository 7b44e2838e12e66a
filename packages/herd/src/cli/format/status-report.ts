/**
 * `herd status SERVICE`: everything about one service. The sentences that GNU `herd` has are GNU's,
 * since scripts look for them; members, origin and age are ours.
 */
import os from 'node:os';
import { labelTexts, type Exit } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { healthWords, isUnwell } from './health.ts';
import { memberLines, memberSummary } from './members.ts';
import { fewNames } from './names.ts';
import { disabledWords, promptWords, type Prompted } from './prompt.ts';
import type { ShownStatus } from './shown-status.ts';
import { runsAsText } from './runs-as.ts';
import { driftLines, slotFacts } from './slot.ts';
import { timerBlocks, timerFacts, timerSentences } from './timer.ts';
import { ageText, counted, momentText, whenText } from './times.ts';
import { commandText } from './typed.ts';
import { verdictOf } from './verdict.ts';

/**
 * The lines of a report. `recentLines` are the last `lineCount` lines of its log. `enabled`: what is typed for that;
 * false where whoever looks may not.
 */
export const statusReportLines = (
  status: ShownStatus,
  look: Look,
  lineCount: number,
  enabled: string | false = status.provision[0] ?? '',
): readonly string[] => {
  const [name = ''] = status.provision;
  const about: Prompted = { provision: status.provision, by: undefined, now: look.now };
  const facts = [
    ...(isUnwell(status) ? [] : stageSentences(status, look)),
    ...processFacts(status, look),
    ...healthWords(status).map((words) => `It is ${words}.`),
    ...originFacts(status),
    ...slotFacts(status, look),
    enabledSentence(status),
    ...disabledFacts(status, look, enabled),
    `Provides: ${status.provision.join(' ')}`,
    ...listed('Requires:', status.requirement),
    ...listed('Labels:', labelTexts(status.labels ?? {})),
    ...(status.follows === undefined ? [] : [`Its members follow: ${status.follows}`]),
    ...actionFacts(status),
    ...(status.hasReplacement === true ? ['Replacement pending (restart to upgrade).'] : []),
    ...respawnFacts(status, look, lineCount),
    ...failureFacts(status, look),
    // Behind what GNU Shepherd says, in its order.
    ...promptWords(status, verdictOf(status), about),
    ...disabledWords(status, about),
    ...(status.transient === 'ended'
      ? ['It is transient, has ended, and is not started again.']
      : []),
    ...(status.logFile === undefined ? [] : [`Log file: ${status.logFile}`]),
  ];
  const bullet = look.paint(styleOf(status), look.bullet);
  const title = `${bullet} ${look.paint('bold', `Status of ${visible(name)}:`)}`;
  return [
    title,
    ...facts.map((fact) => `  ${visible(fact)}`),
    ...timerBlocks(status, look, lineCount),
    ...recentLines(status, look, lineCount),
    ...membersOf(status, look),
  ];
};

const styleOf = (status: ShownStatus): Style => {
  const { stage, isEnabled } = status;
  if (!isEnabled || isUnwell(status)) return 'red';
  if (stage === 'running') return 'green';
  return stage === 'stopped' ? 'magenta' : 'yellow';
};

const stageSentences = (status: ShownStatus, look: Look): readonly string[] =>
  status.stage === 'running' && status.timer !== undefined
    ? timerSentences(status, status.timer, look)
    : [stageSentence(status, look)];
const stageSentence = (status: ShownStatus, look: Look): string => {
  const { stage, since } = status;
  const when = since === undefined ? undefined : whenText(since, look.now);
  switch (stage) {
    case 'running':
      return `${runningWords(status, when)}${readiness(status)}.`;
    case 'starting':
      return 'It is starting.';
    case 'stopping':
      return 'It is being stopped.';
    case 'stopped':
      if (status.failure !== undefined) return 'It is stopped (failing).';
      if (status.isOneShot) return 'It is stopped (one-shot).';
      return when === undefined ? 'It is stopped.' : `It is stopped since ${when}.`;
    case 'unknown':
      if (status.isGone === true) return 'It is gone: there is no such service any more.';
      return `It is unknown whether it runs: ${status.unknownReason ?? 'nothing was heard of it'}.`;
  }
};

const runningWords = ({ transient }: ShownStatus, when: string | undefined): string => {
  if (when === undefined) return 'It is started';
  return transient === undefined
    ? `It is running since ${when}`
    : `It is transient, running since ${when}`;
};

const readiness = ({ isReady, members }: ShownStatus): string =>
  isReady === false && members === undefined ? ', but not ready' : '';

const processFacts = (status: ShownStatus, look: Look): readonly string[] => {
  const { pid, command, runsAs, lastExit, stage } = status;
  const facts = pid === undefined ? [] : [`Main PID: ${pid}`];
  if (status.timer !== undefined) facts.push(...timerFacts(status, status.timer));
  else if (command !== undefined) facts.push(`Command: ${commandText(command)}`);
  if (status.stopCommand !== undefined)
    facts.push(`Stop command: ${commandText(status.stopCommand)}`);
  facts.push(...listeningFacts(status));
  if (status.live !== undefined) facts.push(liveText(status.live, look));
  if (status.pidFile !== undefined) facts.push(`PID file: ${status.pidFile}`);
  if (status.keepsGroup === true)
    facts.push('What is left of its process group goes on when its process ends.');
  if (status.remainsAfterExit === true)
    facts.push('It remains started once its process has exited successfully.');
  if (runsAs !== undefined && status.timer === undefined)
    facts.push(`Runs as: ${runsAsText(runsAs)}`);
  if (lastExit !== undefined && stage === 'stopped') facts.push(`Process ${endingText(lastExit)}.`);
  return facts;
};

const liveText = (live: NonNullable<ShownStatus['live']>, look: Look): string => {
  const { failureCount, limitCount, checkedAt } = live;
  if (checkedAt === undefined) return 'Live: not checked yet.';
  const when = whenText(checkedAt, look.now);
  if (failureCount === 0) return `Live: checked at ${when}.`;
  return `Live: ${failureCount} of ${limitCount} checks in a row have failed, the last at ${when}.`;
};

const listeningFacts = (status: ShownStatus): readonly string[] => {
  const { stage, endpoints, accepting, connection } = status;
  const facts: string[] = [];
  if (endpoints !== undefined) {
    const style = accepting === undefined ? 'Systemd' : 'Inetd';
    const what = stage === 'running' ? 'listening on' : 'for';
    facts.push(`${style}-style service ${what} ${counted(endpoints.length, 'endpoint')}:`);
    facts.push(...endpoints.map(({ address, name }) => `- ${address} ("${name}")`));
  }
  if (accepting !== undefined) facts.push(`Connections: ${acceptingText(accepting)}.`);
  if (connection !== undefined) facts.push(`Connection: ${connectionText(connection)}.`);
  return facts;
};

/** How many connections a service has a process for. */
export const acceptingText = ({
  openCount,
  limitCount,
  sourceLimitCount,
  refusedCount,
}: NonNullable<ShownStatus['accepting']>): string => {
  const each = sourceLimitCount === undefined ? '' : `, ${sourceLimitCount} from one address`;
  const refused =
    refusedCount === 0
      ? ''
      : `; ${refusedCount} ${refusedCount === 1 ? 'was' : 'were'} turned away`;
  return `${openCount} of ${limitCount}${each}${refused}`;
};
/** Whose process it is. */
export const connectionText = ({
  of,
  peer,
  local,
}: NonNullable<ShownStatus['connection']>): string =>
  `to ${of}${local === undefined ? '' : ` at ${local}`}, from ${peer}`;

/** With the number of a signal, as GNU has it, and with its name. */
export const endingText = ({ code, signal }: Pick<Exit, 'code' | 'signal'>): string => {
  if (signal !== undefined) return `terminated with signal ${signalText(signal)}`;
  if (code === undefined) return 'ended while nobody watched it';
  return code === 0 ? 'exited successfully' : `exited with code ${code}`;
};

const signalText = (name: string): string => {
  const number = (os.constants.signals as Readonly<Record<string, number | undefined>>)[name];
  return number === undefined ? name : `${number} (${name})`;
};

const originFacts = ({ origin, ageMs, members }: ShownStatus): readonly string[] => {
  if (origin === undefined || members !== undefined) return [];
  const seen = ageMs === undefined ? 'never seen' : `seen ${ageText(ageMs)}`;
  return [`At: ${origin}, ${seen}`];
};

/** A fleet is as enabled as its members are. */
const enabledSentence = ({ isEnabled, members = [] }: ShownStatus): string => {
  if (!isEnabled) return 'It is disabled.';
  const disabled = members.filter((member) => member.isEnabled === false);
  if (disabled.length === 0) return 'It is enabled.';
  return `It is enabled, but for ${fewNames(disabled.map(({ name }) => name))}.`;
};

const disabledFacts = (
  { disabledReason, disabledBy }: ShownStatus,
  look: Look,
  enabled: string | false,
): readonly string[] => {
  if (disabledReason === undefined) return [];
  const when = disabledBy === undefined ? '' : ` at ${whenText(disabledBy.atMs, look.now)}`;
  const next = enabled === false ? '' : ` 'herd enable ${enabled}' allows a start.`;
  return [`It has disabled itself${when}: ${disabledReason}.${next}`];
};

const listed = (title: string, words: readonly string[]): readonly string[] =>
  words.length === 0 ? [] : [`${title} ${words.join(' ')}`];

const actionFacts = ({ actions }: ShownStatus): readonly string[] =>
  listed(
    actions.length === 1 ? 'Custom action:' : 'Custom actions:',
    actions.map(({ name }) => name),
  );

const respawnFacts = (status: ShownStatus, look: Look, lineCount: number): readonly string[] => {
  const facts: string[] = [];
  const inAll = `${counted(status.respawnCount, 'respawn')} in all`;
  if (status.members === undefined)
    facts.push(comesBack(status) ? 'Will be respawned.' : 'Will not be respawned.');
  // As with GNU herd: how a process ended that was stopped is no news.
  if (status.lastRespawn !== undefined)
    facts.push(
      `Last respawned on ${whenText(status.lastRespawn, look.now)}, ${inAll}.`,
      ...exitFacts(status, lineCount),
    );
  return facts;
};

const comesBack = ({ isRespawned, isEnabled, remainsAfterExit }: ShownStatus): boolean =>
  isRespawned && isEnabled && remainsAfterExit !== true;

/** As many as lines of the log, one at least. A peer that is older tells the last one alone. */
const exitFacts = ({ exits, lastExit }: ShownStatus, lineCount: number): readonly string[] => {
  const known = exits ?? (lastExit === undefined ? [] : [lastExit]);
  const shown = known.slice(-Math.max(1, lineCount));
  if (shown.length === 0) return [];
  return [
    shown.length === 1 ? 'Latest exit:' : 'Latest exits:',
    ...shown.map((exit) => `  - ${momentText(exit.at)}  Process ${endingText(exit)}.`),
  ];
};

const failureFacts = ({ failure, stage }: ShownStatus, look: Look): readonly string[] => {
  if (failure === undefined) return [];
  // One that accepts is up all the same.
  const what = stage === 'running' ? 'Served nobody' : 'Failed to start';
  return [`${what} at ${whenText(failure.at, look.now)}: ${failure.reason}`];
};

const recentLines = (status: ShownStatus, look: Look, lineCount: number): readonly string[] => {
  const lines = lineCount === 0 ? [] : (status.recentLines ?? []).slice(-lineCount);
  if (lines.length === 0) return [];
  const title = look.paint('bold', "Recent messages (use '-n' to view more or less):");
  return ['', title, ...lines.map((line) => `  ${visible(line)}`)];
};

/** The summary is the last line of all: what a fleet is in one line. */
const membersOf = (status: ShownStatus, look: Look): readonly string[] => {
  if (status.members === undefined) return [];
  const lines = memberLines(status.members, look);
  const drift = driftLines(status.members);
  return ['', look.paint('bold', 'Members:'), ...lines, ...drift, memberSummary(status)];
};
