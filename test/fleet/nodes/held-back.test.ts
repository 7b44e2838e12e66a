/** A machine that stops being the one that is meant, while its controller brings it a release, or waits for it. */
import { describe, expect, it } from 'vitest';
import { bringTo, releaseOf } from '../../support/carrying.ts';
import { JoinPlace } from '../../support/fleet-joins.ts';
import type { NodeConfig } from '../../support/fleet-node.ts';
import { overhear } from '../../support/fleet-tap.ts';
import { service } from '../../support/shepherd-machine.ts';
import { shortRules } from '../../support/slot-machine.ts';

interface Kinded {
  readonly kind: string;
}
const mebibyte = 1_048_576;
const big = releaseOf('1', [5 * mebibyte]);
const slotConfig: NodeConfig = {
  slots: [
    {
      config: service({ provision: ['web'] }),
      rules: { ...shortRules, mostBytes: 64 * mebibyte },
    },
  ],
};
/** In a simulated world the name of a machine is its key. */
const first = 'firstfirstfirstfirst2345';
const second = 'secondsecondsecond234567';

/** A deploy to the first machine that has joined, of which a few pieces are on their way. */
const underWay = (seed: number) => {
  const left = { count: 0 };
  const place = new JoinPlace(
    seed,
    { [first]: slotConfig, [second]: slotConfig },
    {
      tap: (netlayer) =>
        overhear(netlayer, ({ direction, method }) => {
          if (direction === 'out' && method === 'put') left.count += 1;
        }),
    },
  );
  const { operator, controller } = place;
  const uri = place.invite('web-07');
  place.join(uri, place.node(first));
  place.run(1_000);
  bringTo(place, operator, controller, 'web@web-07', big);
  const deploy = operator.herd(controller, 'deploy', 'web@web-07', {
    operation: 'op-1',
    args: [big.digest, 'no-confirm'],
    remainingMs: 600_000,
  });
  for (let ms = 0; ms < 10_000 && left.count < 8; ms += 1) place.run(1);
  expect(left.count).toBeLessThan(40);
  /**
   * How many leave later than 100 ms after the disk of the controller has this kind of record, once more. What was sent
   * before may wait for the line until then.
   */
  const afterwards = (kind: string, so: (entry: Kinded) => boolean = () => true): number => {
    const { entries } = controller.machine.disk;
    const seen = entries.length;
    const isSo = (): boolean =>
      (entries.slice(seen) as readonly Kinded[]).some((each) => each.kind === kind && so(each));
    for (let ms = 0; ms < 5_000 && !isSo(); ms += 1) place.run(1);
    expect(isSo()).toBe(true);
    place.run(100);
    const then = left.count;
    place.run(20_000);
    return left.count - then;
  };
  return { place, uri, deploy, afterwards };
};

describe.each([1])('a release on its way to a machine, seed %i', (seed) => {
  it('stops where that comes into doubt, and is not switched to', () => {
    const { place, uri, deploy, afterwards } = underWay(seed);
    const joining = place.joining(uri, place.node(second));
    expect(afterwards('node', (entry) => 'doubtMs' in entry)).toBe(0);
    expect(joining.error?.message).toContain('another machine has used');
    expect(deploy.value).toMatchObject({ result: 'denied' });
    expect(deploy.value?.reason).toContain('in doubt');
    expect(place.node(first).machine.processes.living('web')).toEqual([]);
  });
  it('stops where that is removed', () => {
    const { place, deploy, afterwards } = underWay(seed);
    place.removing();
    expect(afterwards('unnoded')).toBe(0);
    expect(deploy.value).toMatchObject({ result: 'failed' });
    expect(deploy.value?.reason).toContain('was removed, or is another one by now');
  });
  it('stops where another machine takes its name, and does not go to that one', () => {
    const { place, deploy, afterwards } = underWay(seed);
    const { invite } = place.settled(
      place.operator.ask(place.controller, (turn, root) => turn.send(root, 'rekeyNode', 'web-07')),
    );
    expect(deploy.value).toBeUndefined();
    const joining = place.joining(invite, place.node(second));
    expect(afterwards('departed')).toBe(0);
    expect(joining.value).toMatchObject({ state: 'joined' });
    expect(deploy.value?.reason).toContain('was removed, or is another one by now');
    expect(place.node(second).depots.asked).not.toContain('put web');
  });
});

describe('a command that waits for contact with a machine', () => {
  it('is not sent once that is in doubt', () => {
    const place = new JoinPlace(4, { [first]: slotConfig, [second]: slotConfig });
    const uri = place.invite('web-07');
    place.join(uri, place.node(first));
    place.run(1_000);
    place.node(first).crash();
    place.run(1_000);
    place.network.part('C', first);
    place.node(first).boot();
    place.run(1_000);
    const start = place.operator.herd(place.controller, 'restart', 'web@web-07', {
      operation: 'op-1',
      remainingMs: 60_000,
    });
    place.run(100);
    expect(start.value).toBeUndefined();
    place.joining(uri, place.node(second));
    place.run(500);
    place.network.heal('C', first);
    place.run(10_000);
    expect(start.value).toMatchObject({ result: 'denied' });
  });
});
