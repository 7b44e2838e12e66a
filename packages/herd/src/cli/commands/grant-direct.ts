/**
 * `herd grant FLEET --direct`: an invite for each member, made at its own host. They go into one file, all of
 * them or none.
 */
import type { DirectRow, GrantSpec } from '@bellwether/fleet';
import { visible } from '../../client/escape.ts';
import { bundleText } from '../../refs/bundle.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import { writeSecret } from '../../refs/secret-file.ts';
import { type Context, isPetnameWord, patienceOf } from '../context.ts';
import { factLines, hostFingerprint, partRows } from '../format/grant.ts';
import { tableLines } from '../format/table.ts';
import { counted, timeText } from '../format/times.ts';
import { withOwner } from './granting.ts';
import { print, printErrors } from '../terminal/print.ts';
import { targetOf } from '../terminal/secret-output.ts';
import { Usage } from '../grammar/usage.ts';

/** Makes such a grant; the result is the exit code. */
export const grantDirect = async (
  context: Context,
  service: string,
  spec: GrantSpec,
): Promise<number> => {
  if (isPetnameWord(service))
    throw new Usage(
      `'${service}' leads to a host already`,
      'A direct grant is made by the shepherd whose fleet it is, at the hosts of the members.',
    );
  if (spec.isLocal === true)
    throw new Usage("'--direct' leads to other machines", 'Leave out --local.');
  const file = targetOf(context, 'an invite');
  const { lease, reveal } = context.options;
  const answer = await withOwner(context, (client) =>
    client.grantDirect(spec, lease, patienceOf(context)),
  );
  if (answer.kind === 'not-made') return notMade(context, service, answer.rows);
  const { grant, inviteExpiresMs } = answer;
  // What is no ref would be found out by whoever gets the file.
  const invites = answer.invites.map(({ member, invite }) => ({
    member,
    ref: sturdyrefOf(invite, `the answer of the host of ${visible(member)}`),
  }));
  const text = bundleText(invites);
  if (file !== undefined) writeSecret(file, text, context.options.yes === true);
  const now = context.terminal.wall();
  const where = file === undefined ? 'below' : `in ${visible(file)}`;
  print(
    context,
    [
      `${counted(invites.length, 'invite')} for ${visible(spec.label ?? '')}: ${where}. Who accepts them first`,
      `holds the grants; that has to be before ${timeText(inviteExpiresMs, now)}: herd accept < FILE`,
      ...factLines(grant, undefined, now),
      ...tableLines(
        partRows(grant, now).map(([member, id], at) => {
          const peer = invites[at]?.ref.peer;
          return [
            'at',
            member,
            id,
            ...(peer === undefined ? [] : [`host ${hostFingerprint(peer)}`]),
          ];
        }),
        '  ',
      ),
      ...(reveal === true ? [text] : []),
    ],
    {
      kind: 'grant',
      grant,
      inviteExpiresMs,
      file,
      ...(reveal === true && { invites: answer.invites }),
    },
  );
  return 0;
};

const words: Readonly<Record<DirectRow['result'], string>> = {
  undone: 'made, and taken back',
  unreachable: 'not reached',
  denied: 'denied',
  failed: 'refused',
};
const notMade = (context: Context, service: string, rows: readonly DirectRow[]): number => {
  const bad = rows.filter(({ result }) => result !== 'undone');
  const exitCode = exitCodeOf(bad);
  const some = `${bad.length} of ${counted(rows.length, 'host')}`;
  print(
    context,
    tableLines(
      rows.map(({ member, result, reason }) => [member, words[result], reason ?? '']),
      '',
    ),
    { kind: 'grant', service, exitCode, rows },
  );
  printErrors(context, [
    `herd: error: nothing of ${visible(service)} was granted: ${some} did not do it`,
    "With '--nodes' it is made for some members; the others get theirs later.",
  ]);
  return exitCode;
};
/** As a command to all of them would end. */
const exitCodeOf = (bad: readonly DirectRow[]): number => {
  if (bad.some(({ result }) => result === 'failed')) return 1;
  return bad.some(({ result }) => result === 'unreachable') ? 4 : 5;
};
