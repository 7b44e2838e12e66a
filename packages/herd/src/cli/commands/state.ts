/**
 * `herd state …`: the records of a shepherd that does not run, and the backup of one that does.
 *
 *     check      reads a folder, or a backup
 *     backup     without --state the shepherd that runs writes it; where none runs, or with --state, this program does
 *     restore    a backup into a folder                      both keep the database that was there
 *     repair     what can be read of a folder
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  backupState,
  checkBackup,
  checkState,
  repairState,
  restoreState,
  runningIn,
  type Replaced,
  type Report,
} from '@bellwether/store';
import { isRemote } from '@bellwether/actors';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { pemDesignator } from '@bellwether/ocapn';
import { codeIn } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { backupMs } from '../../client/limits.ts';
import { prepareState } from '../../places/folders.ts';
import { lockFolder } from '../../places/lock.ts';
import { type Context, patienceOf, withRoot } from '../context.ts';
import { counted } from '../format/times.ts';
import { print } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';
import { socketNamed, stateFolderOf } from './state-folder.ts';

/** Runs `herd state ACTION …`; the result is the exit code. @throws DamagedState, BadBackup, Locked, … */
export const runState = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [word] = words;
  const file = word === undefined ? undefined : path.resolve(word);
  switch (action) {
    case 'state check':
      return file === undefined ? checkFolder(context) : checkFile(context, file);
    case 'state backup':
      return backup(context, file ?? '');
    case 'state restore':
      return restore(context, file ?? '');
    case 'state repair':
      return repair(context);
    default:
      throw new Usage(`'${action}' is not known`);
  }
};

const checkFolder = async (context: Context): Promise<number> => {
  const state = await lockedState(context);
  const report = await checkState(state);
  // Programs look for processes that nobody looks after any more.
  const processes = context.options.json === true ? { processes: await runningIn(state) } : {};
  const document = { kind: 'state', what: 'checked', state, ...report, ...processes };
  print(context, [`${visible(state)}: good, ${wordsFor(report)}`], document);
  return 0;
};

const checkFile = async (context: Context, file: string): Promise<number> => {
  if (context.options.state !== undefined)
    throw new Usage('a folder and a backup are checked one at a time');
  mustBeThere(file);
  const report = await checkBackup(file);
  const document = { kind: 'state', what: 'checked', file, ...report };
  print(context, [`${visible(file)}: a whole backup, ${wordsFor(report)}`], document);
  return 0;
};

const backup = async (context: Context, file: string): Promise<number> => {
  const { yes, timeout } = context.options;
  const done = (recordCount: number, epoch: number, others: object): number => {
    const document = { kind: 'state', what: 'backed-up', file, recordCount, epoch, ...others };
    print(context, [`${counted(recordCount, 'record')} are in ${visible(file)}.`], document);
    return 0;
  };
  if (context.options.state === undefined) {
    try {
      const patience = patienceOf(context, timeout ?? backupMs);
      const { recordCount, epoch } = await withRoot(context, (root) =>
        root.backup(file, yes === true, patience),
      );
      return done(recordCount, epoch, {});
    } catch (error) {
      if (!isNobodyThere(context, error)) throw error;
    }
  }
  const state = await lockedState(context);
  const report = await backupState(state, file, yes === true, nodeOf(state));
  return done(recordCountOf(report), report.epoch, { counts: report.counts });
};

/** Nobody runs at the usual place. Whoever named a socket meant one shepherd, and its folder is not known here. */
const isNobodyThere = (context: Context, error: unknown): boolean =>
  !isRemote(error) && codeIn(error) === 'no-shepherd' && socketNamed(context) === undefined;

const restore = async (context: Context, file: string): Promise<number> => {
  mustBeThere(file);
  const { yes, 'dry-run': isDry } = context.options;
  const state = stateFolderOf(context);
  if (isDry !== true || fs.existsSync(state)) await lock(state);
  const how = { isDry: isDry === true, mayBeOther: yes === true, node: nodeOf(state) };
  const restored = await restoreState(state, file, how);
  return tell(context, { what: 'restored', state, file, ...restored }, [], 'since that backup');
};

const repair = async (context: Context): Promise<number> => {
  const state = await lockedState(context);
  const repaired = await repairState(state, { isDry: context.options['dry-run'] === true });
  const { lost, lostCount } = repaired;
  const rest = lostCount - lost.length;
  const lines = [
    lostCount === 0 ? 'Nothing was lost.' : `${counted(lostCount, 'record')} lost.`,
    ...lost.map((key) => `  ${visible(key)}`),
    ...(lost.length > 0 && rest > 0 ? [`  and ${rest} more`] : []),
  ];
  return tell(
    context,
    { what: 'repaired', state, ...repaired },
    lines,
    'by a record that was lost',
  );
};

/** What came of it, or would. */
const tell = (
  context: Context,
  said: Replaced & { readonly what: string; readonly state: string; readonly file?: string },
  lines: readonly string[],
  how: string,
): number => {
  const isDryRun = context.options['dry-run'] === true;
  const begins = `${visible(said.state)} ${isDryRun ? 'would begin' : 'begins'}`;
  const first = `The next shepherd on ${begins} with ${wordsFor(said)}.`;
  const rest = isDryRun ? ['Nothing was changed.'] : [...confirmLines(how), ...formerLines(said)];
  const dry = isDryRun ? { isDryRun } : {};
  print(context, [first, ...lines, ...rest], { kind: 'state', ...dry, ...said });
  return 0;
};

const confirmLines = (how: string): readonly string[] => [
  `Grants and minted refs from before have to be confirmed: they may have been taken back ${how}.`,
  "Once the shepherd runs: 'herd grant ls', and 'herd grant confirm' for what shall hold.",
];

const formerLines = ({ former, store }: Replaced): readonly string[] =>
  former === undefined
    ? []
    : [
        `What was there before is left in ${former}; ${store} counts now. Remove the former at will.`,
      ];

/** The folder, once no shepherd can be on it. It is never made here. @throws Usage, UnsafePlace, Locked */
const lockedState = async (context: Context): Promise<string> => {
  const state = stateFolderOf(context);
  if (!fs.existsSync(state))
    throw new Usage(`there is no folder ${state}`, 'Name the state folder with --state FOLDER.');
  await lock(state);
  return state;
};
const lock = async (state: string): Promise<void> => {
  await prepareState({ state });
  await lockFolder(state);
};

/** Whose a state folder is, by its designator; undefined where no shepherd has begun on it. */
const nodeOf = (state: string): string | undefined => {
  const file = path.join(state, 'tcp-tls.pem');
  return fs.existsSync(file) ? pemDesignator(nodeCrypto(), fs.readFileSync(file)) : undefined;
};

const mustBeThere = (file: string): void => {
  if (!fs.existsSync(file)) throw new Usage(`there is no file ${file}`);
};

const recordCountOf = ({ counts }: Report): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** `12 records (desired 3, running 2), epoch 4, put back in epoch 4`. */
const wordsFor = (report: Report): string => {
  const kinds = Object.entries(report.counts).map(([kind, count]) => `${kind} ${count}`);
  const list = kinds.length === 0 ? '' : ` (${kinds.join(', ')})`;
  const restored = report.restored === 0 ? '' : `, put back in epoch ${report.restored}`;
  const node = report.node === undefined ? '' : `, of node ${visible(report.node)}`;
  return `${counted(recordCountOf(report), 'record')}${list}, epoch ${report.epoch}${restored}${node}`;
};
