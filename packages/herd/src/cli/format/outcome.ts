/**
 * What became of a command. Of one service: GNU's sentences. Of an aggregate: one row a member,
 * worst results first, failures with the end of their logs, and a count as the last line.
 */
import { isGood, results, type Outcome, type Result, type Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { type Command, isRootName } from '../grammar/invocation.ts';
import { groupFromCount, maxGroupNames, mergeFromCount } from '../limits.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { fewNames } from './names.ts';
import { paintedWord, tableLines, wrapped } from './table.ts';
import { tailKey, tailLines, tailsOf } from './tails.ts';
import { ageText, counted, momentText } from './times.ts';
import type { WaitedFor } from './waited.ts';

/** Text for standard output and for standard error, as lines. */
export interface Shown {
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** How an operation ended, as JSON; without an outcome where nobody waited for its end. */
export const documentOf = (
  operation: string,
  { action, service }: Command,
  exitCode: number,
  ended: { readonly outcome?: Outcome; readonly waitedFor?: WaitedFor | undefined } = {},
) => ({ kind: 'outcome', operation, action, service, exitCode, ...ended });

/** Results in words. `ok` is what the types call a target that nothing had to be done about. */
export const resultWords: Readonly<Record<Result, string>> = {
  'rollback-failed': 'rollback failed',
  'rolled-back': 'rolled back',
  failed: 'failed',
  denied: 'denied',
  unreachable: 'unreachable',
  'timed-out': 'timed out',
  unknown: 'unknown',
  superseded: 'superseded',
  cancelled: 'cancelled',
  skipped: 'skipped',
  changed: 'changed',
  ok: 'unchanged',
};
/** How a result is painted. */
export const styleOf = (result: Result): Style =>
  isGood({ result }) ? 'green' : bad.has(result) ? 'red' : 'yellow';
const bad: ReadonlySet<Result> = new Set(['rollback-failed', 'rolled-back', 'failed', 'denied']);

/**
 * An outcome in words. `seen` holds the texts of the lines that were printed while it ran: nothing
 * is said twice. `isStrict`: enough members are not enough.
 */
export const outcomeLines = (
  command: Command,
  outcome: Outcome,
  look: Look,
  seen: ReadonlySet<string>,
  isStrict = false,
): Shown =>
  outcome.rows.length === 0
    ? single(command, outcome, look, seen)
    : aggregate(command, outcome, look, isStrict);

const single = (
  command: Command,
  outcome: Outcome,
  look: Look,
  seen: ReadonlySet<string>,
): Shown => {
  const output = (outcome.output ?? []).map(visible);
  if (!isGood(outcome)) return { out: [], err: trouble(command, outcome, look) };
  const said =
    outcome.reason === undefined || seen.has(outcome.reason) ? [] : [visible(outcome.reason)];
  const also = alsoLine(command.action, alsoOf(outcome));
  const plain = said.length === 0 && seen.size === 0 ? plainWords(command, outcome) : [];
  return { out: [...output, ...said, ...plain, ...also], err: [] };
};

/**
 * GNU's words for what went well, where the shepherd has said nothing itself. A stop says nothing
 * there, either.
 */
const plainWords = ({ action, service }: Command, { result }: Outcome): readonly string[] => {
  const name = visible(service);
  if (action === 'enable') return [`Enabled service ${name}.`];
  if (action === 'disable') return [`Disabled service ${name}.`];
  // Where a release on trial was taken back the slot tells who has deployed it, and him alone.
  if (action === 'rollback')
    return [
      result === 'ok' ? `Service ${name} stays as it was.` : `Service ${name} has gone back.`,
    ];
  if (action === 'start')
    return [
      result === 'ok' ? `Service ${name} is already running.` : `Service ${name} has been started.`,
    ];
  return [];
};

/** What else was touched: names, and a count where those were not for us. */
const alsoOf = ({ also = [], otherCount = 0 }: Row): readonly string[] =>
  otherCount === 0 ? also : [...also, counted(otherCount, 'other service')];
const alsoLine = (action: string, also: readonly string[]): readonly string[] =>
  also.length === 0
    ? []
    : [`Also ${pastWords.get(action) ?? 'touched'}: ${also.map(visible).join(', ')}`];
const pastWords: ReadonlyMap<string, string> = new Map([
  ['start', 'started'],
  ['stop', 'stopped'],
  ['restart', 'restarted'],
]);

const trouble = ({ action, service }: Command, row: Row, look: Look): readonly string[] => {
  const name = visible(service);
  const headline =
    row.result === 'failed'
      ? `failed to ${visible(action)} service ${name}${visible(placeOf(row))}`
      : `${visible(action)} ${name}: ${resultWords[row.result]}`;
  const details = [row.reason, causeOf(row), lastSeen(row), queuedText(row)]
    .filter((text) => text !== undefined)
    .map(visible);
  return [
    `${look.paint('red', 'herd: error:')} ${headline}`,
    ...details.map((text) => `  ${text}`),
    ...tailLines(row, '  '),
  ];
};

/** ` at B`: the machine where it went wrong, where the name does not say it. */
const placeOf = ({ member, origin }: Row): string =>
  origin === undefined || member.endsWith(`@${origin}`) ? '' : ` at ${origin}`;

const lastSeen = ({ result, lastSeenMs }: Row): string | undefined => {
  if (lastSeenMs !== undefined) return `last seen ${ageText(lastSeenMs)}`;
  return result === 'unreachable' ? 'never seen' : undefined;
};

const queuedText = ({ queuedUntilMs }: Row): string | undefined =>
  queuedUntilMs === undefined ? undefined : `queued until ${momentText(queuedUntilMs)}`;

const aggregate = (command: Command, outcome: Outcome, look: Look, isStrict: boolean): Shown => {
  const rows = outcome.rows
    .map(withoutEcho(outcome.rows))
    .sort((a, b) => results.indexOf(a.result) - results.indexOf(b.result));
  const body =
    rows.length < groupFromCount
      ? rowLines(rows, look, command.action, '  ')
      : grouped(rows, look, command.action);
  const isEnough = isGood(outcome) && !(isStrict && !rows.every(isGood));
  const err = isEnough
    ? []
    : [`${look.paint('red', 'herd: error:')} ${verdictText(command, { ...outcome, rows })}`];
  return {
    out: [
      ...body,
      ...alsoLine(command.action, alsoOf(outcome)),
      summaryLine(command.service, outcome),
    ],
    err,
  };
};

/** The reason of whoever was not heard of when the way to his shepherd was lost: it says nothing of him. */
export const unheard = 'it was not heard of before that';
/** What it came to, and who is why. */
const verdictText = ({ action, service }: Command, outcome: Outcome): string => {
  const { result, reason, rows, dependsOn } = outcome;
  const why = reason === undefined ? '' : `: ${visible(reason)}`;
  const word = isGood({ result }) ? 'not all members' : resultWords[result];
  const isRequirement = dependsOn !== undefined;
  const bad = rows.filter(
    (row) => !isGood(row) && row.result !== 'skipped' && row.reason !== unheard,
  );
  const blamed = isRequirement ? bad.filter((row) => row.dependsOn === undefined) : bad;
  const told = `${visible(action)} ${visible(service)}: ${word}`;
  // Of one requirement the reason says it.
  if (blamed.length < (isRequirement ? 2 : 1)) return `${told}${why}`;
  const names = fewNames(blamed.map((row) => row.member + placeOf(row)));
  const before = isRequirement || why === '' ? ':' : `${why.replace(/\.$/, '')};`;
  return `${told}${before} because of ${names}`;
};

/**
 * Rows as a table, with the ends of their logs (tails.ts). Of many that say the same of what did not come about it is
 * said once, above their names.
 */
export const rowLines = (
  rows: readonly Row[],
  look: Look,
  action: string,
  indent: string,
): readonly string[] => {
  const entries = entriesOf(rows, action);
  const lines = tableLines(
    entries.map(({ name, row, detail }) => [name, resultWords[row.result], detail]),
    indent,
  );
  const tails = tailsOf(
    entries.map(({ name, row, members }) => ({
      names: members.length > 0 ? members : [name],
      row,
    })),
    indent,
  );
  const table = entries.flatMap(({ name, row, members }, at) => [
    paintedWord(lines[at] ?? '', name, resultWords[row.result], look, styleOf(row.result)),
    ...wrapped(members, `${indent}    `, look.columns),
    ...(tails.below[at] ?? []),
  ]);
  return [...table, ...tails.behind];
};

/** One line of a table of rows: of one row, or of several that are all told in the words of the first. */
interface Entry {
  readonly name: string;
  readonly row: Row;
  readonly detail: string;
  /** Whose line it is, where the name does not say it. */
  readonly members: readonly string[];
}
const entriesOf = (rows: readonly Row[], action: string): readonly Entry[] => {
  const alike = new Map<string, Row[]>();
  for (const row of rows) {
    const key = alikeKey(row, action);
    const those = alike.get(key);
    if (those === undefined) alike.set(key, [row]);
    else those.push(row);
  }
  return [...alike.values()].flatMap((those) => {
    const detail = (row: Row): string => detailOf(row, action);
    const [row] = those;
    if (row !== undefined && those.length >= mergeFromCount) {
      const members = those.map(({ member }) => member);
      return [{ name: `${those.length} members`, row, detail: detail(row), members }];
    }
    return those.map((each) => ({
      name: each.member,
      row: each,
      detail: detail(each),
      members: [],
    }));
  });
};
/** Rows of the same key are told in the same words, with one tail; what went well is told by itself. */
const alikeKey = (row: Row, action: string): string =>
  isGood(row)
    ? `of ${row.member}`
    : `${row.result}: ${detailOf(row, action)}\n${tailKey(row) ?? ''}`;

/** The line of a row, its result painted. */
export const paintedResult = (line: string, row: Row, look: Look): string =>
  paintedWord(line, row.member, resultWords[row.result], look, styleOf(row.result));

/** Of rows that are shown together: one whose cause has a row of its own names it, and does not repeat its words. */
export const withoutEcho = (rows: readonly Row[]): ((row: Row) => Row) => {
  const told = new Set(
    rows.flatMap(({ member, reason }) => (reason === undefined ? [] : [member])),
  );
  return (row) => {
    const { cause } = row;
    if (cause === undefined || cause.member === row.member || !told.has(cause.member)) return row;
    const { reason: _reason, ...named } = cause;
    return { ...row, cause: named };
  };
};
/** What went wrong below it, and the other aggregates that it belongs to. */
const causeOf = ({ cause, isCycle }: Row): string | undefined => {
  if (cause === undefined)
    return isCycle === true ? 'it requires itself by way of others: a cycle' : undefined;
  const { member, reason, otherCount = 0 } = cause;
  const others = otherCount === 0 ? '' : ` (and ${counted(otherCount, 'other')})`;
  const why = reason === undefined ? `because of ${member}` : `${member}: ${reason}`;
  return others === '' ? why : `${why.replace(/\.$/, '')}${others}`;
};
const sharedOf = ({ sharedWith }: Row): string | undefined =>
  sharedWith && `shared with ${sharedWith.join(', ')}`;

/** What is to be said of a row beside its result. */
export const detailOf = (row: Row, action: string): string => {
  const state = [row.stage, row.pid === undefined ? undefined : `pid ${row.pid}`].filter(
    (text) => text !== undefined,
  );
  const others = alsoOf(row);
  const past = pastWords.get(action) ?? 'touched';
  const also = others.length === 0 ? undefined : `also ${past} ${others.join(', ')}`;
  const parts = isGood(row)
    ? [state.join(', ') || undefined, row.reason, sharedOf(row), also]
    : [row.reason, causeOf(row), lastSeen(row), queuedText(row), sharedOf(row), also];
  const told = parts.filter((text) => text !== undefined);
  // A full stop ends a line, not a part of one.
  return told.map((text, at) => (at < told.length - 1 ? text.replace(/\.$/, '') : text)).join('; ');
};

const grouped = (rows: readonly Row[], look: Look, action: string): readonly string[] =>
  results.flatMap((result) => {
    const group = rows.filter((row) => row.result === result);
    if (group.length === 0) return [];
    const title = `  ${look.paint(styleOf(result), resultWords[result])} (${group.length}):`;
    const shown = group.slice(0, maxGroupNames);
    const rest =
      group.length === shown.length ? [] : [`    … and ${group.length - shown.length} more`];
    const isPlain = isGood({ result }) && shown.every(({ output }) => output === undefined);
    if (!isPlain) return [title, ...rowLines(shown, look, action, '    '), ...rest];
    return [
      title,
      ...wrapped(
        shown.map(({ member }) => member),
        '    ',
        look.columns,
      ),
      ...rest,
    ];
  });

/** `web-fleet: 2 members: 1 changed, 1 unreachable`, worst first; of one service those that it requires. */
const summaryLine = (service: string, { rows, result, reason, dependsOn }: Outcome): string => {
  const counts = results
    .map((each) => ({
      word: resultWords[each],
      count: rows.filter((row) => row.result === each).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`);
  const verdict = isGood({ result }) && reason !== undefined ? ` (${visible(reason)})` : '';
  const part = dependsOn === undefined ? 'member' : 'requirement';
  const noun = isRootName(service) ? 'service' : part;
  return `${visible(service)}: ${counted(rows.length, noun)}: ${counts.join(', ')}${verdict}`;
};
