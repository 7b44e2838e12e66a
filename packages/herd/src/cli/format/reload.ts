/** What a reload would do, or has done, in words. */
import type { LeftElsewhere, Reloaded } from '@bellwether/fleet';
import { isGood, type Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal/terminal.ts';
import { tailLines } from './tails.ts';
import { counted } from './times.ts';

type Read = Extract<Reloaded, { readonly kind: 'read' }>;

/**
 * Lines for standard output and for standard error. Of what was `seen` while it was done nothing is
 * repeated.
 */
export const reloadLines = (
  { difference, pending, outcome }: Read,
  isDryRun: boolean,
  look: Look,
  seen: ReadonlySet<string>,
): { readonly out: readonly string[]; readonly err: readonly string[] } => {
  const { added, changed, removed, elsewhere = [], unchangedCount, atRestart } = difference;
  const left = new Map(elsewhere.map((one) => [one.name, leftWords(one)]));
  const say = (past: string, future: string): string => (isDryRun ? `Would ${future}` : past);
  const count = added.length + changed.length + removed.length;
  const same = counted(unchangedCount, 'service');
  const failures = (outcome?.rows ?? []).filter((row) => !isGood(row));
  return {
    out: [
      ...removed.map(
        (name) => `${say('Removed', 'remove')} ${visible(name)}${left.get(name) ?? ''}.`,
      ),
      ...changed.map(
        ({ name, paths }) =>
          `${say('Changed', 'change')} ${visible(name)}: ${paths.map(visible).join(', ')}.`,
      ),
      ...added.map((name) => `${say('Added', 'add')} ${visible(name)}.`),
      count === 0 ? `Nothing has changed: ${same}.` : `Unchanged: ${same}.`,
      ...pending.map(
        (name) =>
          `Service ${visible(name)} runs as before; 'herd restart ${visible(name)}' upgrades it.`,
      ),
      ...atRestart.map(
        (part) =>
          `Changed too: ${visible(part)}. It takes effect when the shepherd itself is started again.`,
      ),
    ],
    err: failures.flatMap((row) => failureLines(row, look, seen)),
  };
};

/** A reload stops nothing at another machine. */
const leftWords = ({ node, from }: LeftElsewhere): string => {
  const how = from === undefined ? `a 'herd stop' there` : `'herd stop @${visible(from)}'`;
  return `; what runs for it at ${visible(node)} goes on: ${how} stops it`;
};

const failureLines = (row: Row, look: Look, seen: ReadonlySet<string>): readonly string[] => {
  const why = row.reason === undefined || seen.has(row.reason) ? [] : [`  ${visible(row.reason)}`];
  const headline = `${look.paint('red', 'herd: error:')} service ${visible(row.member)}: ${row.result}`;
  return [headline, ...why, ...tailLines(row, '  ')];
};
