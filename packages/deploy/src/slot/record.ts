/** What follows from the record of a slot: how its service is run, what its status tells, which releases may go. */
import {
  cutText,
  type ActionConfig,
  type ServiceConfig,
  type SlotFacts,
} from '@bellwether/shepherd';
import { toPrune } from '../release/retention.ts';
import type { Digest } from '../release/types.ts';
import { limits } from './limits.ts';
import type { Depot, SlotRecord, SlotRelease, SlotRules, Template, Underway } from './types.ts';

/** A slot to which nothing was ever brought. */
export const emptyRecord = (slot: string): SlotRecord => ({
  slot,
  generation: 0,
  pinned: [],
  releases: [],
  ended: [],
});

/** A release whose tree is there. */
export const releaseIn = (
  { releases }: Pick<SlotRecord, 'releases'>,
  digest: Digest | undefined,
): SlotRelease | undefined => releases.find((each) => each.digest === digest);

/** The releases with another verdict over one of them. */
export const judged = (
  releases: readonly SlotRelease[],
  digest: Digest,
  verdict: 'committed' | 'rejected',
  why?: string,
): readonly SlotRelease[] =>
  releases.map((each) => {
    if (each.digest !== digest) return each;
    const { verdict: _verdict, why: _why, ...release } = each;
    const told = why === undefined ? undefined : reasonText(why);
    return { ...release, verdict, ...(told !== undefined && { why: told }) };
  });

/**
 * Why something ended, as it is kept and told: cut where it is too long, and no character in two, which neither disk
 * nor wire takes. What comes of it stands behind and is not cut off.
 */
export const reasonText = (why: string, before = '', after = ''): string => {
  const left = limits.reasonCharacters - before.length - after.length;
  return cutText(`${before}${cutText(why, Math.max(1, left))}${after}`, limits.reasonCharacters);
};

/**
 * Which release its service is run as: what is being activated from the first moment of that on, until it is taken
 * back.
 */
export const runningIn = ({ current, underway }: SlotRecord): Digest | undefined => {
  switch (underway?.phase) {
    case 'activating':
    case 'health-gate':
    case 'awaiting-confirm':
      return underway.target;
    default:
      return current;
  }
};

/** What a slot can be asked for. */
export const slotActions = {
  stage: agent('Takes a release that was brought, and makes its tree.', true),
  activate: agent('Switches to a release that is there.', true),
  deploy: agent('Takes a release that was brought, and switches to it.', true),
  confirm: agent('Keeps the release that was switched to.', true),
  rollback: agent('Goes back to the release before, or to another one.', true),
  prune: agent('Removes the releases that nobody needs.', false),
  pin: agent('Keeps a release from being removed.', true),
  unpin: agent('Lets a release be removed again.', true),
  releases: agent('Shows the releases that are there.', false),
} as const satisfies Readonly<Record<string, ActionConfig>>;
function agent(documentation: string, takesArguments: boolean): ActionConfig {
  return {
    kind: 'agent',
    documentation,
    ...(takesArguments && { takesArguments }),
    areArgumentsHarmless: true,
  };
}

/** How the service of a slot is described while it is run as a release; of none there is nothing to start. */
const configOf = (
  template: Template,
  release: SlotRelease | undefined,
  depot: Pick<Depot, 'folder'>,
): ServiceConfig => {
  const actions = { ...template.actions, ...slotActions };
  const [program, ...words] = release?.run.command ?? [];
  if (release === undefined || program === undefined)
    return { ...template, actions, unstartable: emptyWords(template.provision[0]) };
  const { env } = release.run;
  const start = {
    argv: [program, ...words] as const,
    cwd: depot.folder(release.digest),
    ...(env && { env }),
    ...(template.runAs && { runAs: template.runAs }),
  };
  return { ...template, actions, start };
};
/** How the service of a slot is described by its record. */
export const configAt = (
  template: Template,
  record: SlotRecord,
  depot: Pick<Depot, 'folder'>,
): ServiceConfig => configOf(template, releaseIn(record, runningIn(record)), depot);

/** What the description of a slot says beside how its service is run. */
export type DescribedRules = Partial<SlotRules> & Pick<SlotRules, 'trust'>;
/** The rules of a slot whose description says no more than this. */
export const rulesOf = (
  { stop, ready }: Pick<Template, 'stop' | 'ready'>,
  given: DescribedRules,
): SlotRules => {
  const readyMs = ready.kind === 'spawned' ? 0 : ready.timeoutMs;
  const { keepCount, confirmMs, keptBytes: mostBytes } = limits;
  const { minHealthyMs = limits.minHealthyMs } = given;
  const longMs = Math.max(0, minHealthyMs - limits.minHealthyMs);
  const gateMs = Math.min(limits.gateMs + stop.graceMs + readyMs + longMs, limits.gateMostMs);
  return { keepCount, mostBytes, confirmMs, minHealthyMs, gateMs, ...given };
};

/** Why the service of a slot without a release starts nothing. */
const emptyWords = (name: string): string =>
  `Service ${name} has no release yet; 'herd deploy ${name} FILE' brings one.`;

/** What its status tells. */
export const factsOf = ({ current, previous, underway, held, ended }: SlotRecord): SlotFacts => ({
  ...(current !== undefined && { current }),
  ...(previous !== undefined && { previous }),
  ...(underway !== undefined
    ? underwayFacts(underway)
    : held !== undefined && heldFacts(ended.at(-1)?.operation)),
});
const underwayFacts = ({ phase, target, operation, deadlineMs }: Underway): SlotFacts => ({
  phase,
  target,
  operation,
  ...(deadlineMs !== undefined && { deadlineMs }),
});
const heldFacts = (operation: string | undefined): SlotFacts => ({
  phase: 'rollback-failed',
  ...(operation !== undefined && { operation }),
});

/**
 * The releases that nobody needs, and those that are left without them. Of what was run, and of what each asker has
 * staged, the newest stay: nobody's releases go for those of somebody else.
 */
export const pruned = (
  record: SlotRecord,
  keepCount: number,
): { readonly gone: readonly Digest[]; readonly releases: readonly SlotRelease[] } => {
  const { releases } = record;
  const spare = releases.filter(isSpareIn(record));
  const run = spare.filter(({ verdict }) => verdict !== undefined);
  const staged = spare.filter(({ verdict }) => verdict === undefined);
  const askers = [...new Set(staged.map(({ stagedBy }) => stagedBy))];
  const room = limits.releaseCount - limits.stagedCount - (releases.length - spare.length);
  const surplus = new Set([
    ...beyond(run, Math.min(keepCount, Math.max(0, room))),
    ...askers.flatMap((asker) =>
      beyond(
        staged.filter(({ stagedBy }) => stagedBy === asker),
        keepCount,
      ),
    ),
  ]);
  const gone = releases.map(({ digest }) => digest).filter((digest) => surplus.has(digest));
  return { gone, releases: releases.filter(({ digest }) => !surplus.has(digest)) };
};
/** Those that were staged, and are neither needed nor were ever run; the oldest first. */
export const stagedIn = (record: SlotRecord): readonly SlotRelease[] =>
  record.releases.filter(isSpareIn(record)).filter(({ verdict }) => verdict === undefined);
/** All but so many of the newest. */
const beyond = (releases: readonly SlotRelease[], keepCount: number): readonly Digest[] =>
  toPrune({ releases: releases.map(({ digest }) => digest).reverse(), keepCount });
/** Whether a release is neither active nor was before, is not under way, and nobody has pinned it. */
const isSpareIn = ({
  current,
  previous,
  underway,
  pinned,
}: SlotRecord): ((release: SlotRelease) => boolean) => {
  const needed = new Set([current, previous, underway?.target, underway?.from, ...pinned]);
  return ({ digest }) => !needed.has(digest);
};

/** A digest as people read it: enough of it to tell releases apart. */
export const shortly = (digest: Digest | undefined): string =>
  digest === undefined ? 'no release' : digest.slice(0, 'rel:sha256-'.length + 12);
/** The same with what it is called. */
export const named = (record: Pick<SlotRecord, 'releases'>, digest: Digest | undefined): string => {
  const release = releaseIn(record, digest);
  if (release === undefined) return shortly(digest);
  const { app, version } = release;
  return `${app}${version === undefined ? '' : ` ${version}`} (${shortly(digest)})`;
};
