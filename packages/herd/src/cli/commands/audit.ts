/**
 * `herd audit [SERVICE]` asks the shepherd for the newest records of its audit; `herd audit verify [FOLDER]` reads the
 * files themselves, whether or not a shepherd runs, and takes nobody's word for them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { auditLimits } from '@bellwether/authority';
import { auditFolder, verifyAudit, type Verified } from '@bellwether/store/audit';
import { closest } from '@bellwether/shepherd';
import { auditIn } from '../../client/audit-answer.ts';
import { visible } from '../../client/escape.ts';
import { auditMs } from '../../client/limits.ts';
import { auditFolderOf } from '../../places/paths.ts';
import { type Context, patienceOf, withRoot } from '../context.ts';
import { auditLines, verifyLines } from '../format/audit.ts';
import { ageIn } from '../grammar/spans.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';
import { stateFolderOf } from './state-folder.ts';

const defaultCount = 50;
/** Milliseconds after which a line that is being written stands there whole. */
const againMs = 200;

/** Runs `herd audit`; exit code 0. */
export const runAudit = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service] = words;
  const { since, timeout } = context.options;
  const sinceMs = since === undefined ? undefined : ageIn(since, context.look.now);
  const asked = context.options['log-history'] ?? (since === undefined ? defaultCount : undefined);
  const query = {
    count: Math.min(asked ?? auditLimits.answerCount, auditLimits.answerCount),
    ...(service !== undefined && { service }),
    ...(sinceMs !== undefined && { sinceMs }),
  };
  const patience = patienceOf(context, timeout ?? auditMs);
  const answer = await withRoot(context, (root) => root.audit(query, patience));
  const { lines: records, isCut } = auditIn(answer);
  const lines = records.length === 0 ? [noRecords(service)] : auditLines(records);
  print(context, lines, { kind: 'audit', records, isCut });
  if (isCut) printErrors(context, [`herd: there is more: these are the newest ${records.length}.`]);
  return 0;
};

/** A name may be that of a service of former days, so it is no mistake that nothing is known of it. */
const noRecords = (service: string | undefined): string => {
  if (service === undefined) return 'No records.';
  const isVerify = closest(service, ['verify']) !== undefined;
  return `No records of ${visible(service)}.${isVerify ? " Did you mean 'herd audit verify'?" : ''}`;
};

/** Runs `herd audit verify`: exit code 0 where everything fits, 1 where something does not. @throws Usage */
export const runVerify = async (context: Context, words: readonly string[]): Promise<number> => {
  const { head } = context.options;
  if (head !== undefined && !/^[0-9a-f]{64}$/.test(head))
    throw new Usage('a head has 64 digits of 0 to 9 and a to f', "'herd audit verify' tells it.");
  const folder = folderOf(context, words[0]);
  const found = await verified(folder, head);
  // An audit begins with its first record: where there is none, somebody has taken them away, or will write it.
  const isGood = found.state.kind === 'whole' && found.hasHead !== false;
  print(context, verifyLines(folder, found), documentOf(folder, found, isGood));
  return isGood ? 0 : 1;
};

/** A shepherd may be in the middle of writing the last line. */
const verified = async (folder: string, head: string | undefined): Promise<Verified> => {
  const place = auditFolder(folder, 'read');
  const found = await verifyAudit(place, head);
  const { state } = found;
  const isBegun = state.kind === 'broken' ? state.misfit === 'no-record' : state.kind === 'nothing';
  if (!isBegun) return found;
  await new Promise((resolve) => setTimeout(resolve, againMs));
  return verifyAudit(place, head);
};

/** The folder of the audit itself, or a state folder that has one. */
const folderOf = (context: Context, word: string | undefined): string => {
  const said = word === undefined ? stateFolderOf(context) : path.resolve(word);
  const inside = auditFolderOf(said);
  if (fs.existsSync(inside)) return inside;
  if (word !== undefined && fs.existsSync(said)) return said;
  throw new Usage(
    fs.existsSync(said) ? `there is no audit in ${said}` : `there is no folder ${said}`,
    'Name the state folder of a shepherd, or its folder of the audit.',
  );
};

const documentOf = (folder: string, found: Verified, isGood: boolean) => {
  const { state, fileCount, file, lineCount, hasHead } = found;
  const whole = state.kind === 'broken' ? state.before : state;
  return {
    kind: 'audit-verified',
    folder,
    isGood,
    fileCount,
    recordCount: whole.kind === 'whole' ? whole.last.number - whole.first.number + 1 : 0,
    ...(whole.kind === 'whole' && { first: whole.first, last: whole.last }),
    ...(hasHead !== undefined && { hasHead }),
    ...(state.kind === 'broken' && {
      misfit: { number: state.number, what: state.misfit, file, line: (lineCount ?? 0) + 1 },
    }),
  };
};
