/** Which connections are one row of `herd net`: whoever likes opens thousands, and the owner looks for the others. */
import type { NetLink } from '@bellwether/fleet';
import { netSingleRows } from '../../client/limits.ts';

/** One connection, or several of peers without a name that stand alike: their sums, and how many they are. */
export interface NetRow {
  readonly link: NetLink;
  readonly count: number;
}

/**
 * In the order of the connections, a group where its first one stands. Those of one transport, direction and state
 * whose peers have no name here are one row where they are more than `netSingleRows`.
 */
export const netRows = (links: readonly NetLink[]): readonly NetRow[] => {
  const groups = new Map<string, NetLink[]>();
  for (const link of links) {
    if (!isNameless(link)) continue;
    const group = groups.get(groupOf(link));
    if (group === undefined) groups.set(groupOf(link), [link]);
    else group.push(link);
  }
  return links.flatMap((link): readonly NetRow[] => {
    const group = isNameless(link) ? (groups.get(groupOf(link)) ?? []) : [];
    if (group.length <= netSingleRows) return [{ link, count: 1 }];
    return group[0] === link ? [{ link: summed(group), count: group.length }] : [];
  });
};

/** A key is no name: anybody makes as many as he likes. */
const isNameless = ({ peer: { node, controller, petnames, isOwner } }: NetLink): boolean =>
  isOwner !== true && node === undefined && controller === undefined && petnames === undefined;
const groupOf = ({ peer: { key }, transport, direction, state }: NetLink): string =>
  JSON.stringify([key === undefined, transport, direction, state]);

/** The oldest, the one that was heard last, the oldest question, and the sum of what is counted. */
const summed = (links: readonly NetLink[]): NetLink =>
  links.reduce((sum, link) => {
    const oldestMs = Math.max(sum.oldestQuestionMs ?? -1, link.oldestQuestionMs ?? -1);
    return {
      ...sum,
      ageMs: Math.max(sum.ageMs, link.ageMs),
      silentMs: Math.min(sum.silentMs, link.silentMs),
      exports: sum.exports + link.exports,
      imports: sum.imports + link.imports,
      questions: sum.questions + link.questions,
      answers: sum.answers + link.answers,
      gotBytes: sum.gotBytes + link.gotBytes,
      sentBytes: sum.sentBytes + link.sentBytes,
      gotCount: sum.gotCount + link.gotCount,
      sentCount: sum.sentCount + link.sentCount,
      ...(oldestMs >= 0 && { oldestQuestionMs: oldestMs }),
    };
  });
