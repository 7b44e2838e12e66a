/** A release that is brought over the network: who confirms it, and what becomes of one that takes the network away. */
import { World } from '@bellwether/actors';
import type { Digest, SlotRecord } from '@bellwether/deploy';
import { exitCodeOf } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { slotRecordsIn } from '../support/book-records.ts';
import { FleetNode, Operator } from '../support/fleet-node.ts';
import { service, type Asked } from '../support/shepherd-machine.ts';
import { release, shortRules, type Made } from '../support/slot-machine.ts';

const one = release('1');
const two = release('2');

class Story {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly a: FleetNode;
  readonly desk: Operator;
  constructor(seed: number) {
    this.world = new World(seed);
    this.network = new MemoryNetwork(this.world);
    const config = service({
      provision: ['web'],
      respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 1_000 },
    });
    this.a = new FleetNode(this, 'A', { slots: [{ config, rules: shortRules }] });
    this.desk = new Operator(this);
    this.a.boot();
    this.world.runFor(1_000);
  }
  get record(): SlotRecord | undefined {
    return slotRecordsIn(this.a.machine.disk.entries).get('web');
  }
  get running(): readonly string[] {
    const living = this.a.machine.processes.living('web');
    return living.map(({ cwd = '' }) => cwd.split('/').at(-1) ?? '');
  }
  bring(made: Made, through = this.desk): void {
    for (let round = 0; round < 3; round += 1) {
      const offer = { release: made.digest, manifestBytes: made.manifestBytes.length };
      const offered = through.ask(this.a, (turn, root) => turn.send(root, 'offer', 'web', offer));
      this.world.runFor(500);
      if (offered.error !== undefined) throw offered.error;
      for (const { sha256 } of offered.value?.missing ?? []) {
        const bytes = made.contents.get(sha256) ?? new Uint8Array();
        through.ask(this.a, (turn, root) => turn.send(root, 'put', 'web', sha256, 0, bytes));
        this.world.runFor(500);
      }
    }
  }
  act(
    action: string,
    args: readonly string[],
    operation: string,
    through = this.desk,
    isRepeat?: true,
  ): Asked<Outcome> {
    return through.herd(this.a, action, 'web', {
      operation,
      args,
      remainingMs: 600_000,
      ...(isRepeat && { isRepeat }),
    });
  }
  /** Two runs the first release, committed. */
  begin(): this {
    this.bring(one);
    this.act('deploy', [one.digest, 'no-confirm'], 'op-1');
    this.world.runFor(4_000);
    expect(this.running).toEqual([one.digest]);
    this.bring(two);
    return this;
  }
  isOn(digest: Digest): void {
    expect(this.running).toEqual([digest]);
    expect(this.record).toMatchObject({ current: digest });
    expect(this.record?.underway).toBeUndefined();
    expect(this.a.machine.processes.doubled).toEqual([]);
  }
}
/** The second release breaks the network of its machine as soon as it runs; without it that works again. */
const breaksNetwork = ({ a, network }: Story): void => {
  a.machine.processes.behaves = ({ command: { cwd = '' } }) => {
    if (cwd.endsWith(two.digest)) network.part('desk', 'A');
    else if (cwd.endsWith(one.digest)) network.heal('desk', 'A');
    return undefined;
  };
};

describe.each([1, 2, 3])('a release over the network, seed %i', (seed) => {
  it('is confirmed through a second connection, and not through the one that deployed it', () => {
    const story = new Story(seed).begin();
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(4_000);
    expect(story.record?.underway?.phase).toBe('awaiting-confirm');
    const own = story.act('confirm', [two.digest], 'op-3');
    story.world.runFor(1_000);
    expect(own.error).toMatchObject({ message: expect.stringContaining('connection is older') });
    const other = new Operator(story, 'second');
    const confirm = story.act('confirm', [two.digest], 'op-4', other);
    story.world.runFor(1_000);
    expect([confirm.value?.result, deploy.value?.result]).toEqual(['changed', 'changed']);
    story.isOn(two.digest);
  });
  it('that breaks it is taken back by its machine alone, and whoever comes back learns that', () => {
    const story = new Story(seed).begin();
    breaksNetwork(story);
    story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(3_500);
    expect(story.running).toEqual([two.digest]);
    story.world.runFor(15_000);
    story.isOn(one.digest);
    const again = story.act('deploy', [two.digest], 'op-2', new Operator(story, 'desk'), true);
    story.world.runFor(5_000);
    expect(again.value).toMatchObject({ result: 'rolled-back' });
    expect(again.value?.reason).toContain('nobody has confirmed it');
    expect(again.value && exitCodeOf(again.value, { isStrict: false })).toBe(7);
  });
  it('that breaks it is taken back also where its machine loses its power meanwhile', () => {
    const story = new Story(seed).begin();
    breaksNetwork(story);
    story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(3_500);
    expect(story.running).toEqual([two.digest]);
    story.a.losePower();
    story.world.runFor(1_000);
    story.a.boot();
    story.world.runFor(15_000);
    story.isOn(one.digest);
  });
});
