/** Grants for people. Everything of them that is printed is safe to print. */
import type { Allowed, GrantFacts, GrantPart, WhoCan } from '@bellwether/fleet';
import type { PeerLocation } from '@bellwether/ocapn';
import { visible } from '../../client/escape.ts';
import { tableLines } from './table.ts';
import { counted, spanText, timeText } from './times.ts';

/** What a grant allows, as it is said in one line. */
export const allowsText = ({ actions, service, members, isMinted }: GrantFacts): string => {
  if (isMinted === true) return `everything of ${service}`;
  const some = members === undefined ? '' : ` (only ${members.join(', ')})`;
  return `${actions.join(', ')} of ${service}${some}`;
};

/** How long a grant holds, or why it does not. `now`: milliseconds since 1970. */
export const untilText = (grant: GrantFacts, now: number): string => {
  const { state, expiresMs, inviteExpiresMs, revoked } = grant;
  switch (state) {
    case 'revoked':
    case 'revoking':
    case 'lost': {
      const when = revoked === undefined ? '' : ` ${timeText(revoked.atMs, now)} by ${revoked.by}`;
      const why = revoked?.reason === undefined ? '' : `: ${revoked.reason}`;
      const { parts = [] } = grant;
      const at = (wanted: GrantPart['state'], words: string): string => {
        const count = parts.filter((part) => part.state === wanted).length;
        return count === 0 ? '' : `, ${words} at ${count} of ${counted(parts.length, 'host')}`;
      };
      return `revoked${when}${why}${at('revoking', 'not yet')}${at('lost', 'out of reach')}`;
    }
    case 'expired':
      return expiresMs === undefined ? 'expired' : `expired ${timeText(expiresMs, now)}`;
    case 'lapsed':
      return inviteExpiresMs === undefined
        ? 'never accepted, and its invite ended when a backup was restored'
        : `never accepted, invite over at ${timeText(inviteExpiresMs, now)}`;
    case 'used-up':
      return 'used up';
    case 'unconfirmed':
      return grant.parts === undefined
        ? "from a backup; 'herd grant confirm' makes it hold again"
        : "from a backup: its hosts may have it still; 'herd grant confirm' keeps it up, 'revoke' ends it";
    case 'invited':
    case 'live': {
      const end = expiresMs === undefined ? 'until revoked' : `until ${timeText(expiresMs, now)}`;
      return state === 'invited' ? `not accepted yet, ${end}` : end;
    }
  }
};

/** Limits of a grant beside time, each as a few words. */
const limitsOf = (
  { maxUses, usedCount, rate, leaseMs, isMinted, madeMs, arguments: rules }: GrantFacts,
  now: number,
): readonly string[] => [
  ...(isMinted === true && madeMs > 0 ? [`minted ${timeText(madeMs, now)}`] : []),
  ...(leaseMs === undefined ? [] : [`with a lease of ${spanText(leaseMs)}`]),
  ...(maxUses === undefined ? [] : [`${usedCount} of ${counted(maxUses, 'use')}`]),
  ...(rate === undefined ? [] : [`at most ${rate.count} in ${rate.windowMs / 1_000} s`]),
  ...Object.entries(rules ?? {}).map(
    ([action, patterns]) =>
      `${action} with ${patterns.length === 0 ? 'nothing' : patterns.join(' ')}`,
  ),
];

const hostGroups = 5;
/**
 * What people compare of the key of a host, over the phone for example: the first 100 bits of its designator, with
 * which every address of it begins, too.
 */
export const hostFingerprint = ({ designator }: Pick<PeerLocation, 'designator'>): string =>
  (designator.match(/.{1,4}/gu) ?? []).slice(0, hostGroups).join('-');

/**
 * Everything about one grant, a line for each thing. `host`: where it is held, for which it was asked; absent where
 * there are several.
 */
export const factLines = (
  grant: GrantFacts,
  host: Pick<PeerLocation, 'designator'> | undefined,
  now: number,
): readonly string[] => {
  const { id, label, issuer, holder, parent } = grant;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['grant', id],
    ['may', allowsText(grant)],
    ['holds', untilText(grant, now)],
    ['limits', limitsOf(grant, now).join('; ') || undefined],
    ['for', label],
    ['holder', holder],
    ['from', parent === undefined ? issuer : `${issuer}, out of ${parent}`],
    ['host', host && hostFingerprint(host)],
  ];
  return tableLines(
    rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    '  ',
  );
};

/** What a ref lets its holder do. */
export const allowedLines = (
  allowed: Allowed,
  host: Pick<PeerLocation, 'designator'>,
  now: number,
): readonly string[] =>
  allowed.kind === 'grant'
    ? factLines(allowed.grant, host, now)
    : [
        `  everything of ${visible(allowed.service)}, until revoked`,
        ...tableLines([['host', hostFingerprint(host)]], '  '),
      ];

/** Grants as a table, oldest first; as a tree each below the one that it was made from. */
export const grantLines = (
  grants: readonly GrantFacts[],
  isTree: boolean,
  now: number,
): readonly string[] => {
  if (grants.length === 0) return ['No grants.'];
  const laid = isTree ? treeOf(grants) : grants.map((grant) => ({ grant, depth: 0 }));
  const rows = laid.flatMap(({ grant, depth }) => [
    [
      `${'  '.repeat(depth)}${grant.id}`,
      grant.label ?? '',
      allowsText(grant),
      [untilText(grant, now), ...limitsOf(grant, now)].join('; '),
    ],
    ...partRows(grant, now).map(([member, ...rest]) => [
      `${'  '.repeat(depth + 1)}${member}`,
      ...rest,
    ]),
  ]);
  const live = grants.filter(({ state }) => state === 'live' || state === 'invited').length;
  return [...tableLines(rows, ''), `${counted(grants.length, 'grant')}, ${live} in force`];
};

/** What a grant is at each of its hosts: a member, its id there, how it stands, and why. */
export const partRows = (
  { parts = [] }: GrantFacts,
  now: number,
): readonly (readonly [string, string, string, string])[] =>
  parts.map((part) => [part.member, part.grant, partText(part, now), part.reason ?? '']);
const partText = ({ state, untilMs }: GrantPart, now: number): string => {
  if (state === 'revoked') return 'revoked there';
  const isOver = untilMs !== undefined && untilMs <= now;
  const end = untilMs === undefined ? '' : ` until ${timeText(untilMs, now)}`;
  if (state === 'live') return isOver ? 'ended there' : `holds${end}`;
  if (state === 'lost')
    return isOver ? 'out of reach, and ended there by itself' : `out of reach: holds there${end}`;
  if (isOver) return 'not told yet, and ended there by itself';
  return untilMs === undefined
    ? 'not told yet: holds there until it is'
    : `not told yet: holds there until it is, or${end}`;
};

interface Laid {
  readonly grant: GrantFacts;
  readonly depth: number;
}
/** One whose parent is not told is a root. Each is there once, whatever a peer says of parents. */
const treeOf = (grants: readonly GrantFacts[]): readonly Laid[] => {
  const ids = new Set(grants.map(({ id }) => id));
  const children = new Map<string, GrantFacts[]>();
  /** What was made out of a minted reference has that above it. */
  const above = ({ parent, issuer }: GrantFacts): string => parent ?? issuer;
  const isRoot = (grant: GrantFacts): boolean => !ids.has(above(grant));
  for (const grant of grants)
    if (!isRoot(grant)) children.set(above(grant), [...(children.get(above(grant)) ?? []), grant]);
  const laid: Laid[] = [];
  const waiting = grants
    .filter(isRoot)
    .map((grant): Laid => ({ grant, depth: 0 }))
    .toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { grant, depth } = next;
    laid.push(next);
    const below = children.get(grant.id) ?? [];
    children.delete(grant.id);
    waiting.push(...below.map((each): Laid => ({ grant: each, depth: depth + 1 })).toReversed());
  }
  return laid;
};

/** Who may do something, a line each. */
export const whoLines = ({ grants, moreCount, minted }: WhoCan, now: number): readonly string[] => [
  'whoever can read the admin.ref of this shepherd',
  ...minted.map((id) => `whoever has the ref ${visible(id)}, which was minted here`),
  ...tableLines(
    grants.map((grant) => [
      grant.id,
      grant.label ?? '',
      `of ${grant.service}`,
      `holder ${grant.holder ?? 'nobody yet'}`,
      `from ${grant.parent ?? grant.issuer}`,
      [untilText(grant, now), ...limitsOf(grant, now)].join('; '),
    ]),
    '',
  ),
  ...(moreCount === 0 ? [] : [`… and ${counted(moreCount, 'more grant')}`]),
];
