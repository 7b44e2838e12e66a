/** Which releases a slot keeps, and whose go: of each asker, and of all, whatever is asked in whatever order. */
import { World } from '@bellwether/actors';
import { slotLimits as limits, type SlotRecord, type SlotRelease } from '@bellwether/deploy';
import { localRoot, principalOf, type Principal } from '@bellwether/shepherd';
import { checkEntries } from '@bellwether/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyRecord, judged, pruned, stagedIn } from '../../../packages/deploy/src/slot/record.ts';
import { withRelease } from '../../../packages/deploy/src/slot/room.ts';
import { release, shortRules, SlotMachine, type Made } from '../../support/slot-machine.ts';

const outsider = principalOf('g-1');
const others = Array.from({ length: limits.stagedCount }, (_none, at) =>
  principalOf(`g-${at + 2}`),
);

/** As much as a release may say of how it is run. */
const env = { PADDING: 'x'.repeat(15_500) };
const heavy = (version: string): Made => release(version, { run: { command: ['serve'], env } });

const up = (): { readonly world: World; readonly machine: SlotMachine } => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', { ...shortRules, keepCount: 5 });
  machine.boot();
  world.runFor(500);
  return { world, machine };
};
type Rig = ReturnType<typeof up>;
const wordOf = (what: string, { digest }: Made): string => `${what}-${digest.slice(11, 43)}`;
const stage = ({ world, machine }: Rig, made: Made, principal: Principal) => {
  machine.bring(world, made);
  const staged = machine.act('stage', [made.digest], { operation: wordOf('s', made), principal });
  world.runFor(100);
  return staged;
};
const deploy = ({ world, machine }: Rig, made: Made): void => {
  machine.bring(world, made);
  const deployed = machine.act('deploy', [made.digest, 'no-confirm'], {
    operation: wordOf('d', made),
  });
  world.runFor(3_000);
  expect(deployed.value?.result).toBe('changed');
};
const versionsIn = ({ machine }: Rig): readonly (string | undefined)[] =>
  machine.record().releases.map(({ version }) => version);

describe('somebody who may stage and nothing else', () => {
  it('has his share, the newest, however much he stages; a deploy finds room, and the record one in the store', () => {
    const rig = up();
    deploy(rig, heavy('own'));
    for (let at = 0; at < 40; at += 1)
      expect(stage(rig, heavy(`${at}`), outsider).value?.result).toBe('changed');
    expect(versionsIn(rig)).toEqual(['own', '36', '37', '38', '39']);
    expect(rig.machine.depots.trees.get('web')?.size).toBe(5);
    checkEntries([{ kind: 'slot', ...rig.machine.record() }]);
    deploy(rig, heavy('next'));
    expect(rig.machine.record()).toMatchObject({ current: heavy('next').digest });
  });
  it('pushes out nothing of the owner: neither what is staged, nor what there is to go back to', () => {
    const rig = up();
    const run = ['1', '2', '3', '4', '5'];
    for (const version of run) deploy(rig, release(version));
    for (const version of ['a', 'b']) stage(rig, release(version), localRoot);
    for (let at = 0; at < 10; at += 1) stage(rig, release(`x${at}`), outsider);
    deploy(rig, release('6'));
    const own = versionsIn(rig).filter((version) => version?.startsWith('x') === false);
    expect(own).toEqual([...run, 'a', 'b', '6']);
  });
  it('has his share where two have taken all places together, and the owner keeps what is his', () => {
    const rig = up();
    for (const version of ['own-1', 'own-2', 'own-3']) stage(rig, release(version), localRoot);
    const both = [others[0] ?? outsider, others[1] ?? outsider] as const;
    for (let at = 0; at < limits.askerStagedCount; at += 1)
      for (const [which, principal] of both.entries())
        stage(rig, release(`${which}-${at}`), principal);
    const countOf = (principal: Principal): number =>
      rig.machine.record().releases.filter(({ stagedBy }) => stagedBy === principal).length;
    expect([localRoot, ...both].map(countOf)).toEqual([3, 3, 2]);
    for (let at = 0; at < 3; at += 1)
      expect(stage(rig, release(`late-${at}`), outsider).value?.result).toBe('changed');
    expect([localRoot, ...both, outsider].map(countOf)).toEqual([3, 2, 2, 1]);
    expect(versionsIn(rig)).toContain('late-2');
    // Nothing goes back and forth between those who have the same.
    stage(rig, release('once-more'), both[0]);
    expect([localRoot, ...both, outsider].map(countOf)).toEqual([3, 2, 2, 1]);
  });
  it('is refused where others have taken all places, one each, and nothing is removed or written', () => {
    const rig = up();
    for (let at = 0; at < limits.stagedCount; at += 1)
      stage(rig, release(`${at}`), others[at] ?? outsider);
    const before = rig.machine.record();
    expect(before.releases).toHaveLength(limits.stagedCount);
    const made = release('late');
    rig.machine.bring(rig.world, made);
    const late = stage(rig, made, outsider);
    expect(late.error).toMatchObject({ code: 'limit' });
    expect(rig.machine.record()).toEqual(before);
    deploy(rig, made);
    const own = stage(rig, release('own'), others[0] ?? outsider);
    expect(own.value?.result).toBe('changed');
  });
  it('has one share with whoever has a grant that comes from his', () => {
    const rig = up();
    rig.machine.origins = (asker) => (asker.startsWith('below-') ? 'top' : asker);
    stage(rig, release('own'), localRoot);
    for (let at = 0; at < 2 * limits.askerStagedCount; at += 1)
      stage(rig, release(`${at}`), principalOf(`below-${at}`));
    expect(versionsIn(rig)).toEqual(['own', '4', '5', '6', '7']);
  });
  it('cannot be brought to halt the daemon where an earlier version has kept more than fits', () => {
    const full = Array.from({ length: 60 }, (_none, at) => kept(at, undefined, 8));
    const record = withRelease(
      { ...emptyRecord('web'), releases: full },
      { release: kept(60, 'root', 8), action: 'deploy' },
      { keepCount: 32, mostBytes: 10_000 },
    );
    expect(record).toHaveLength(limits.releaseCount);
    expect(record.at(-1)?.digest).toBe(kept(60, 'root', 8).digest);
  });
});

/** A release whose record is as heavy as may be, short of its signatures. */
const kept = (at: number, stagedBy: string | undefined, byteCount: number): SlotRelease => ({
  digest: `rel:sha256-${at.toString(16).padStart(64, '0')}`,
  app: 'a'.repeat(64),
  version: `${at}`,
  run: { command: ['serve'], env: { PADDING: 'x'.repeat(limits.specBytes - 100) } },
  checks: [],
  dataMigration: 'none',
  byteCount,
  signatures: Array.from({ length: 16 }, () => ({
    key: 'k'.repeat(43),
    signature: 's'.repeat(86),
  })),
  stagedMs: 0,
  ...(stagedBy !== undefined && { stagedBy }),
});

describe('whatever is staged, deployed, pinned and pruned', () => {
  const mostBytes = 200;
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('stage', 'stage', 'stage', 'deploy', 'fail', 'pin', 'unpin', 'prune'),
      who: fc.constantFrom('root', 'g-1', 'g-2', 'g-3'),
      byteCount: fc.integer({ min: 1, max: 12 }),
      which: fc.nat(40),
    }),
    { maxLength: 120, size: 'max' },
  );
  type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;
  const room = { keepCount: 5, mostBytes };
  const bytesOf = (releases: readonly SlotRelease[]): number =>
    releases.reduce((sum, { byteCount }) => sum + byteCount, 0);
  const isStaged = ({ verdict }: SlotRelease): boolean => verdict === undefined;

  /** One more release; the record as it is where there is no room. */
  const added = (record: SlotRecord, { what, who, byteCount }: Step, at: number): SlotRecord => {
    const release = kept(at, who, byteCount);
    const action = what === 'stage' ? 'stage' : 'deploy';
    try {
      return { ...record, releases: withRelease(record, { release, action }, room) };
    } catch (reason) {
      expect(reason).toMatchObject({ code: 'limit' });
      if (action === 'stage') return record;
      // A deploy is refused for what is active, pinned and to go back to, and never for what anybody has staged.
      const needed = record.releases.filter((each) => !isStaged(each) || isPinned(record, each));
      expect(bytesOf(needed) + byteCount).toBeGreaterThan(mostBytes);
      return record;
    }
  };
  const isPinned = ({ pinned }: SlotRecord, { digest }: SlotRelease): boolean =>
    pinned.includes(digest);
  const after = (record: SlotRecord, step: Step, at: number): SlotRecord => {
    const { what, which } = step;
    const chosen = record.releases[which % Math.max(1, record.releases.length)]?.digest;
    const { digest } = kept(at, undefined, 0);
    switch (what) {
      case 'deploy': {
        const next = added(record, step, at);
        if (next === record) return record;
        const { current: previous } = record;
        const releases = judged(next.releases, digest, 'committed');
        return { ...next, releases, current: digest, ...(previous && { previous }) };
      }
      case 'fail':
        return added(record, step, at);
      case 'stage':
        return added(record, step, at);
      case 'pin':
        if (chosen === undefined || record.pinned.length >= limits.pinCount) return record;
        return { ...record, pinned: [...new Set([...record.pinned, chosen])] };
      case 'unpin':
        return { ...record, pinned: record.pinned.filter((each) => each !== chosen) };
      default:
        return { ...record, releases: pruned(record, room.keepCount).releases };
    }
  };
  it('fits the record into the store and the files into what they may have, and takes only from who has more', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let record = emptyRecord('web');
        for (const [at, step] of all.entries()) {
          const next = after(record, step, at);
          expect(next.releases.length).toBeLessThanOrEqual(limits.releaseCount);
          expect(bytesOf(next.releases)).toBeLessThanOrEqual(mostBytes);
          if (step.what === 'stage') {
            const gone = record.releases.filter((each) => !next.releases.includes(each));
            const countOf = (who: string | undefined): number =>
              stagedIn(next).filter(({ stagedBy }) => stagedBy === who).length;
            for (const { stagedBy } of gone
              .filter(isStaged)
              .filter((each) => each.stagedBy !== step.who)) {
              expect(stagedBy).not.toBe(localRoot);
              expect(countOf(stagedBy)).toBeGreaterThanOrEqual(countOf(step.who));
            }
          }
          record = next;
        }
        checkEntries([{ kind: 'slot', ...record }]);
      }),
      { numRuns: 300 },
    );
  });
});
