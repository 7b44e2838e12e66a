/** A slot of a whole daemon: brought to, deployed to and described anew through sessions, over a crash. */
import { World } from '@bellwether/actors';
import type { SlotSpec } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { LocalStatus } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { FleetNode, Operator } from '../support/fleet-node.ts';
import { release, type Made } from '../support/slot-machine.ts';
import { service } from '../support/shepherd-machine.ts';

const slotOf = (rules: object = {}): SlotSpec => {
  const { start: _start, ...config } = service({ provision: ['web'] });
  return { config, rules: { trust: { keys: [], needed: 0 }, minHealthyMs: 1_000, ...rules } };
};
const up = () => {
  const world = new World(7);
  const site = { world, network: new MemoryNetwork(world) };
  const node = new FleetNode(site, 'A', { slots: [slotOf()], rehearse: true });
  node.boot();
  const operator = new Operator(site);
  const pass = (ms = 5_000): void => void world.run(world.now + ms);
  pass();
  const bring = (made: Made): void => {
    const manifestBytes = made.manifestBytes.length;
    const offer = () =>
      operator.ask(node, (turn, root) =>
        turn.send(root, 'offer', 'web', { release: made.digest, manifestBytes }),
      );
    for (let asked = offer(); ; asked = offer()) {
      pass(500);
      const missing = asked.value?.missing ?? [];
      if (missing.length === 0) return;
      for (const { sha256 } of missing) {
        const bytes = made.contents.get(sha256) ?? new Uint8Array();
        operator.ask(node, (turn, root) => turn.send(root, 'put', 'web', sha256, 0, bytes));
      }
      pass(500);
    }
  };
  let count = 0;
  const act = (action: string, ...args: readonly string[]) => {
    const asked = operator.herd(node, action, 'web', { operation: `op-${(count += 1)}`, args });
    pass(20_000);
    return asked;
  };
  const slot = () => {
    const asked = operator.ask(node, (turn, root) => turn.send(root, 'status', ['web'], 1_000));
    pass(2_000);
    return (asked.value?.[0] as LocalStatus | undefined)?.slot;
  };
  const reload = () => {
    const asked = operator.ask(node, (turn, root) =>
      turn.send(root, 'reload', false, operator.printer(turn)),
    );
    pass();
    return asked.value;
  };
  return { node, pass, bring, act, slot, reload };
};
const [one, two] = [release('1', { checks: [] }), release('2', { checks: [] })];

describe('a slot of a daemon', () => {
  it('is deployed to through a session, and is what it was in the next life', () => {
    const { node, pass, bring, act, slot } = up();
    bring(one);
    expect(act('deploy', one.digest, 'no-confirm').value).toMatchObject({ result: 'changed' });
    expect(slot()).toEqual({ current: one.digest });
    node.crash();
    pass(100);
    node.boot();
    pass();
    expect(slot()).toEqual({ current: one.digest });
    bring(two);
    expect(act('deploy', two.digest, 'no-confirm').value).toMatchObject({ result: 'changed' });
    expect(slot()).toEqual({ current: two.digest, previous: one.digest });
  });

  it('goes on in the next life with what was under way, by itself', () => {
    const { node, pass, bring, act, slot } = up();
    bring(one);
    act('deploy', one.digest, 'no-confirm');
    bring(two);
    act('deploy', two.digest, 'confirm=60');
    expect(slot()).toMatchObject({ phase: 'awaiting-confirm', target: two.digest });
    node.crash();
    pass(100);
    node.boot();
    pass();
    expect(slot()).toMatchObject({ phase: 'awaiting-confirm', current: one.digest });
    pass(90_000);
    expect(slot()).toEqual({ current: one.digest });
  });

  it('takes another description, and is what it was when it is described again', () => {
    const { node, pass, bring, act, slot, reload } = up();
    bring(one);
    act('deploy', one.digest, 'no-confirm');
    node.config = { slots: [slotOf({ confirmMs: 3_000 })] };
    expect(reload()).toMatchObject({
      difference: { changed: [{ name: 'web', paths: ['confirmSeconds'] }] },
    });
    bring(two);
    act('deploy', two.digest);
    pass(10_000);
    expect(slot()).toEqual({ current: one.digest });
    node.config = { services: [service({ provision: ['other'] })] };
    expect(reload()).toMatchObject({ difference: { removed: ['web'] } });
    node.config = { slots: [slotOf()] };
    reload();
    expect(slot()).toEqual({ current: one.digest });
    expect(act('deploy', two.digest, 'no-confirm').value).toMatchObject({ result: 'changed' });
  });
});
