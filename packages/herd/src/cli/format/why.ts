/**
 * `herd why`: sentences about how a service came to be as it is, and below them the same of what keeps it from running.
 * A pure function of what the shepherd knows: what it has written down (prompt.ts) and what is. Nothing is guessed.
 */
import type { Grounds, MemberStatus, Prompt, Status, UnderWay } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { maxWhyCount } from '../limits.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { nameOf as askerText } from './audit.ts';
import { disabledByWords, promptWords, type Prompted } from './prompt.ts';
import type { Allowance } from './disabled.ts';
import type { ShownStatus } from './shown-status.ts';
import { acceptingText, connectionText, endingText } from './status-report.ts';
import { isLastRunFailed, runWords } from './timer.ts';
import { ageText, counted, spanText, timeText, whenText } from './times.ts';
import { hasRun, verdictOf, type Verdict } from './verdict.ts';

/** What is known when somebody asks. */
export interface Known {
  /** By any of its names; undefined: there is none, or it is out of sight. */
  readonly status: (name: string) => ShownStatus | undefined;
  readonly grounds: (name: string) => Grounds | undefined;
  /** The ref that it is seen through, as typed: other services may be out of sight. Absent: all of them are known. */
  readonly through?: string;
  /** Whether whoever asks may enable it; absent: he may. */
  readonly mayEnable?: Allowance;
}
/** One service, and what below it has a part in how it is. */
export interface Cause {
  readonly service: string;
  readonly verdict: Verdict;
  readonly sentences: readonly string[];
  /** The last lines of its log, where its process has failed. */
  readonly log: readonly string[];
  readonly below: readonly Cause[];
  /** What has a part in it, and is not for whoever asks to see: nobody knows here whether there is more to tell. */
  readonly unseen?: readonly string[];
  /** What its last start, its last stop and its being disabled came from, as far as whoever asks is told. */
  readonly startedBy?: Prompt;
  readonly stoppedBecause?: Prompt;
  readonly disabledBy?: Prompt;
  /** Command lines that go on from here, the likeliest first. */
  readonly next: readonly string[];
}
/** Why a service is as it is. `seen` keeps cycles and repetitions out. */
export const causeOf = (
  name: string,
  known: Known,
  look: Look,
  seen: Set<string> = new Set(),
): Cause => {
  const status = known.status(name);
  if (status === undefined)
    return {
      ...{ service: name, verdict: 'missing', log: [], below: [] },
      sentences: [`There is no service '${name}' here.`],
      next: ['herd check', 'herd reload'],
    };
  const [service = name] = status.provision;
  seen.add(service);
  const grounds = known.grounds(service);
  const verdict = verdictOf(status);
  const others = blamed(status, verdict, known);
  const isInSight = (other: string): boolean =>
    known.through === undefined || known.status(other) !== undefined;
  const unseen = others.filter((other) => !isInSight(other));
  const below = others
    .filter((other) => isInSight(other) && !seen.has(other) && seen.size < maxWhyCount)
    .map((other) => causeOf(other, known, look, seen));
  const { startedBy, stoppedBecause, disabledBy } = status;
  const about: Prompted = { provision: status.provision, by: grounds?.by, now: look.now };
  return {
    ...{ service, verdict, below },
    ...(unseen.length > 0 && { unseen: unseen.slice(0, maxWhyCount) }),
    ...(startedBy && { startedBy }),
    ...(stoppedBecause && { stoppedBecause }),
    ...(disabledBy && { disabledBy }),
    sentences: [
      stageWords(status, verdict, look),
      ...disabledWords(status, about),
      ...promptWords(status, verdict, about),
      ...wishWords(status, verdict, grounds, look),
      ...processWords(status, verdict, look),
      ...runWords(status),
      ...(grounds?.underWay ?? []).map((part) => underWayWords(service, part)),
      ...slotWords(status, look),
      ...acceptingWords(status, look),
      ...fleetWords(status),
      ...unseenWords(unseen, known.through),
    ],
    log: hasFailed(status, verdict) ? (status.recentLines ?? []) : [],
    // What leads to it is what was typed, where that is a ref.
    next: [
      ...nextOf(name.startsWith('@') ? name : service, status, verdict, known, below),
      // All that whoever holds a ref can do about what is out of his sight is to look again.
      ...(unseen.length > 0 && verdict === 'not-ready' ? [`herd status ${name}`] : []),
    ],
  };
};

/** Services that have a part in it: requirements that do not run, members that do not serve, or that go on. */
const blamed = (status: ShownStatus, verdict: Verdict, known: Known): readonly string[] => {
  const isUp = verdict === 'running' || verdict === 'not-ready' || verdict === 'done';
  const requirement = isUp ? [] : status.requirement.filter((name) => !serves(known.status(name)));
  const isIn = ({ stage, isReady }: MemberStatus): boolean =>
    isLeft(status) ? stage !== 'stopped' : stage !== 'running' || isReady === false;
  const members = (status.members ?? []).filter(isIn).map(({ name }) => name);
  return [...requirement, ...members];
};
/** An aggregate that was to stop: what goes on of it has a part in how it is. */
const isLeft = ({ members, isWanted }: ShownStatus): boolean =>
  members !== undefined && isWanted === false;
const serves = (status: ShownStatus | undefined): boolean =>
  status !== undefined && ['running', 'done'].includes(verdictOf(status));

const stageWords = (status: ShownStatus, verdict: Verdict, look: Look): string => {
  const [name = ''] = status.provision;
  const since = status.since === undefined ? '' : ` since ${whenText(status.since, look.now)}`;
  if (hasRun(status)) return `${name} was run once, and has ended: it is not started again.`;
  switch (verdict) {
    case 'running':
      return `${name} runs${since}.`;
    case 'not-ready':
      return status.members === undefined
        ? `${name} runs${since}, but is not ready.`
        : `Of ${name} ${status.runningCount ?? 0} of ${counted(status.members.length, 'member')} serve.`;
    case 'starting':
      return `${name} is starting${since}.`;
    case 'stopping':
      return `${name} is being stopped${since}.`;
    case 'failed':
      return `${name} does not run: its last start failed at ${failureText(status, look)}.`;
    case 'done':
      return `${name} is a one-shot, and has done its work${since}.`;
    case 'unknown':
      return unknownWords(name, status);
    default:
      return downWords(name, status, since);
  }
};
const failureText = ({ failure }: ShownStatus, look: Look): string =>
  failure === undefined
    ? ''
    : `${whenText(failure.at, look.now)}: ${failure.reason.replace(/\.$/, '')}`;
const unknownWords = (
  name: string,
  { isGone, unknownReason, ageMs, origin }: ShownStatus,
): string => {
  if (isGone === true) return `${name} is no service any more.`;
  const where = origin === undefined ? '' : ` at ${origin}`;
  const seen = ageMs === undefined ? 'it was never seen' : `it was seen ${ageText(ageMs)}`;
  return `Nobody here can tell whether ${name}${where} runs: ${unknownReason ?? 'nothing was heard of it'}; ${seen}.`;
};
const downWords = (name: string, status: ShownStatus, since: string): string => {
  const { kind, startedBy, stoppedBecause, isWanted } = status;
  if (kind === 'local' && (startedBy ?? stoppedBecause) === undefined && isWanted !== true)
    return `${name} does not run: nobody has started it, and its configuration does not either.`;
  return `${name} does not run${since}.`;
};

const disabledWords = (status: ShownStatus, about: Prompted): readonly string[] => {
  if (status.isEnabled) return [];
  const { disabledReason, disabledBy } = status;
  const who = disabledByWords(disabledBy, about);
  return disabledReason === undefined
    ? [`It is disabled, so no start is carried out${who}.`]
    : [`It has disabled itself, so no start is carried out${who}: it was ${disabledReason}.`];
};

/** What is wished of it, by whom and along with what, unless it is so by that very command. */
const wishWords = (
  status: ShownStatus,
  verdict: Verdict,
  grounds: Grounds | undefined,
  look: Look,
): readonly string[] => {
  if (grounds?.wish === undefined || hasRun(status)) return [];
  const { wish, by } = grounds;
  const { startedBy, stoppedBecause, provision } = status;
  const last = wish === 'start' ? startedBy : stoppedBecause;
  const isDown = verdict === 'stopped' || verdict === 'failed';
  const isSo = last !== undefined && last.operation === by?.operation;
  const isAsWished = isDown === (wish === 'stop');
  if (isAsWished && (isSo || by === undefined)) return [];
  const done = wish === 'start' ? 'started' : 'stopped';
  if (by === undefined) return last === undefined ? [`It is to be ${done}, as wished last.`] : [];
  const { asker, operation, atMs, action, service: asked } = by;
  const isOther = action !== undefined && asked !== undefined && !provision.includes(asked);
  const along = isOther ? `, along with '${action} ${asked}'` : '';
  const wanted = wish === 'start' ? 'It is wanted' : 'It is not wanted';
  const words = `${wanted}: ${askerText(asker)} asked for its ${wish}`;
  return [`${words} at ${whenText(atMs, look.now)}${along} (${operation}).`];
};

/** It waits in the kernel, for a disk most likely: what `ps` shows is still the keeper. */
const hangWords = ({ pid, at }: NonNullable<ShownStatus['hang']>): string => {
  const where = at === '' ? '' : ` (it is at ${at})`;
  const what = `Its process, PID ${pid}, hangs before it runs its program${where}`;
  return `${what}: a disk or a network share may not answer. 'herd stop' kills it after the grace.`;
};

const processWords = (status: ShownStatus, verdict: Verdict, look: Look): readonly string[] => {
  const { lastExit, pid, hang, isRespawning, nextStartMs, respawnCount, readyMs } = status;
  const words: string[] = [];
  if (hang !== undefined) words.push(hangWords(hang));
  if (pid !== undefined) words.push(`Its process has the PID ${pid}.`);
  if (verdict === 'starting' && pid !== undefined)
    words.push(
      readyMs === undefined
        ? 'It is waited for until it is ready.'
        : `It is waited for until it is ready, ${spanText(readyMs)} at most.`,
    );
  const isOver = verdict !== 'running' || respawnCount > 0;
  const isTold = verdict === 'stopped' && status.stoppedBecause?.reason !== undefined;
  if (lastExit !== undefined && isOver && verdict !== 'done' && !isTold)
    words.push(`Its last process ${endingText(lastExit)} at ${whenText(lastExit.at, look.now)}.`);
  if (isRespawning === true || respawnCount > 0)
    words.push(
      `It has been started again ${respawnCount === 1 ? 'once' : `${respawnCount} times`}.`,
    );
  if (nextStartMs !== undefined)
    words.push(`It is started again in ${(nextStartMs / 1_000).toFixed(1)} s.`);
  if (
    verdict === 'stopped' &&
    lastExit !== undefined &&
    !status.isRespawned &&
    status.isWanted === true &&
    !hasRun(status)
  )
    words.push('It is not started again by itself: its configuration has no respawn for that.');
  return words;
};

const underWayWords = (service: string, part: UnderWay): string => {
  const { asker, operation, action, phase, waitsFor } = part;
  const what = `${action} ${service} of ${askerText(asker)} (${operation})`;
  if (phase === 'queued') return `Under way: ${what}; it waits for a machine that is away.`;
  if (phase === 'acting') return `Under way: ${what}.`;
  return waitsFor.length === 0
    ? `Under way: ${what}; it waits for its turn.`
    : `Under way: ${what}; it waits for ${waitsFor.join(', ')}.`;
};

const slotWords = ({ slot }: ShownStatus, look: Look): readonly string[] => {
  if (slot === undefined) return [];
  const words = slot.current === undefined ? ['No release is active in its slot.'] : [];
  if (slot.phase === undefined) return words;
  const until =
    slot.deadlineMs === undefined ? '' : `, until ${timeText(slot.deadlineMs, look.now)}`;
  return [...words, `The deploy of ${slot.target ?? 'a release'} is at: ${slot.phase}${until}.`];
};

const acceptingWords = (status: ShownStatus, look: Look): readonly string[] => {
  const { accepting, connection, stage, failure } = status;
  if (connection !== undefined)
    return [`It has the connection ${connectionText(connection)}, and ends with its process.`];
  if (accepting === undefined) return [];
  const isOpen = stage === 'running';
  if (!isOpen && accepting.openCount === 0) return [];
  const words = `Connections: ${acceptingText(accepting)}`;
  if (!isOpen) return [`${words}; they go on to their end.`];
  const each = `${words}; each has a process of its own.`;
  return failure === undefined
    ? [each]
    : [`Whoever came last was not served, at ${failureText(status, look)}.`, each];
};

const fleetWords = ({ members = [] }: ShownStatus): readonly string[] =>
  members.flatMap(({ name, reason, unknownReason, ageMs }) => {
    const why = reason ?? unknownReason;
    if (why === undefined) return [];
    const age = ageMs === undefined || ageMs < 1_000 ? '' : `, seen ${ageText(ageMs)}`;
    return [`${name}: ${why.replace(/\.$/, '')}${age}.`];
  });

const unseenWords = (unseen: readonly string[], through = ''): readonly string[] => {
  if (unseen.length === 0) return [];
  const whom = unseen.length > mostNamed ? counted(unseen.length, 'member') : unseen.join(', ');
  return [`${through} tells no more of ${whom} than that: ask whoever gave it to you.`];
};
/** Members that are named in one sentence. */
const mostNamed = 5;

const hasFailed = (status: ShownStatus, verdict: Verdict): boolean => {
  const { lastExit, stage } = status;
  if (verdict === 'failed' || isLastRunFailed(status)) return true;
  if (status.accepting !== undefined && status.failure !== undefined) return true;
  return stage !== 'running' && lastExit !== undefined && lastExit.code !== 0;
};

/** What keeps it from running comes before itself. */
const nextOf = (
  service: string,
  status: ShownStatus,
  verdict: Verdict,
  { grounds: groundsOf, mayEnable = true }: Known,
  below: readonly Cause[],
): readonly string[] => {
  const grounds = groundsOf(status.provision[0] ?? service);
  const own: string[] = [];
  const [first] = grounds?.underWay ?? [];
  if (first !== undefined) own.push(`herd op show ${first.operation}`);
  if (isFull(status)) own.push('df -h');
  if (hasFailed(status, verdict)) own.push(`herd log ${service} -n 50`);
  if (!status.isEnabled && mayEnable === true) own.push(`herd enable ${service}`);
  if (status.slot !== undefined && status.slot.current === undefined)
    own.push(`herd deploy ${service} FILE`);
  else if (verdict === 'unknown')
    own.push(service.startsWith('@') ? `herd ref show ${service.slice(1)}` : 'herd net');
  else if (
    (verdict === 'stopped' || verdict === 'failed') &&
    first === undefined &&
    !hasRun(status)
  )
    own.push(`herd start ${service}`);
  else if (isLeft(status)) own.push(`herd stop ${service}`);
  else if (verdict === 'running' || verdict === 'done') own.push(`herd status ${service}`);
  return [...new Set([...below.flatMap(({ next }) => next), ...own])].slice(0, mostNext);
};
/** Command lines that somebody reads before he types one. */
const mostNext = 6;
const isFull = ({ failure, recentLines = [] }: ShownStatus): boolean =>
  [failure?.reason ?? '', ...recentLines].some((text) => /ENOSPC|no space left/i.test(text));

/** The causes as lines, those below indented, and what could be typed next. */
export const whyLines = (cause: Cause, look: Look): readonly string[] => [
  ...causeLines(cause, look, ''),
  ...(cause.next.length === 0
    ? []
    : ['', look.paint('bold', 'Next:'), ...cause.next.map((line) => `  ${visible(line)}`)]),
];
const causeLines = (cause: Cause, look: Look, indent: string): readonly string[] => {
  const [first = '', ...rest] = cause.sentences.map(visible);
  return [
    `${indent}${look.paint(styles[cause.verdict], first)}`,
    ...rest.map((sentence) => `${indent}${sentence}`),
    ...cause.log.map((line) => `${indent}  | ${visible(line)}`),
    ...cause.below.flatMap((other) => [
      `${indent}${visible(`${other.verdict === 'running' ? 'What goes on of it is' : 'It needs'} ${other.service}:`)}`,
      ...causeLines(other, look, `${indent}  `),
    ]),
  ];
};
const styles: Readonly<Record<Verdict, Style>> = {
  ...{ running: 'green', done: 'green', 'not-ready': 'yellow', starting: 'yellow' },
  ...{ stopping: 'yellow', stopped: 'magenta', failed: 'red', unknown: 'yellow', missing: 'red' },
};

/** Services of a cause and of all below it. */
export const namesBelow = (status: Status, known: Pick<Known, 'status'>): readonly string[] => {
  const found = new Set([status.provision[0] ?? '']);
  // A set hands out what is added to it while it is walked.
  for (const name of found) {
    const one = known.status(name);
    if (one === undefined || found.size >= maxWhyCount) continue;
    const others = blamed(one, verdictOf(one), { ...known, grounds: () => undefined });
    for (const other of others) found.add(known.status(other)?.provision[0] ?? other);
  }
  return [...found].slice(0, maxWhyCount);
};
