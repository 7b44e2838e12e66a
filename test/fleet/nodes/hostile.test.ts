/** What a controller that means no good can do to a machine that tries to join it. */
import {
  ActorError,
  createVat,
  Refused,
  type Answer,
  type Behavior,
  type Ref,
} from '@bellwether/actors';
import { FLEET_LIMITS, type Gift, type NodeDoor } from '@bellwether/fleet';
import { createRouter, Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { JoinPlace } from '../../support/fleet-joins.ts';
import { simulatedCrypto, TestReaper } from '../../support/ocapn-peer.ts';

/** A gift that the controller holds, and the answer that it owes for it. */
interface Entered {
  readonly gift: Uint8Array;
  readonly answer: Answer;
}
const at = (host: string, swissnum: Uint8Array): Sturdyref =>
  new Sturdyref({ transport: 'memory', designator: host, hints: { host } }, swissnum);

/** A controller H that takes what it is given; the URI leads to its door. */
const hostile = ({ world, network }: JoinPlace) => {
  const clock = world.clock();
  const vat = createVat({ name: 'H', clock, scheduler: world.scheduler() });
  const entered: Entered[] = [];
  const came: unknown[] = [];
  const makeDoor = (): Behavior<NodeDoor> => ({
    enter: (turn, _self, gift = new Uint8Array()) =>
      turn.ask((answer) => void entered.push({ gift, answer })),
    came: (turn, _token, facet) => turn.ask(() => void came.push(facet)),
    leave: (turn) => turn.kept(undefined),
  });
  const doors: Ref<NodeDoor>[] = [];
  void vat.run((turn) => void doors.push(turn.spawn(makeDoor)));
  const router = createRouter({
    vat,
    netlayers: [network.peer({ host: 'H' })],
    crypto: simulatedCrypto(world),
    clock,
    scheduler: { enqueue: (task) => void world.at(0.001, task) },
    reaper: new TestReaper(),
    log: () => undefined,
    fetch: () => doors[0],
  });
  router.listen(
    () => undefined,
    (reason) => {
      throw reason;
    },
  );
  return { uri: sturdyrefUri(at('H', new Uint8Array(32))), entered, came };
};

/** The machine is about to join it; what it gives, and what it waits for. */
const entering = (place: JoinPlace) => {
  const { uri, entered, came } = hostile(place);
  const joining = place.joining(uri);
  for (let ms = 0; ms < 2_000 && entered.length === 0; ms += 10) place.run(10);
  const [first] = entered;
  if (first === undefined) throw new Error('nobody has come');
  return { joining, came, ...first, ref: at('N', first.gift) };
};

describe('a controller that refuses a machine once it has what that gives', () => {
  it('keeps nothing of it, and writes nothing into its records, whatever it says and however long', () => {
    const place = new JoinPlace(1);
    const { joining, answer, ref } = entering(place);
    const look = () =>
      place.operator.askAt<Gift, unknown>(ref, (turn, found) =>
        turn.send(turn.send(found, 'service', 'web'), 'status'),
      );
    expect(place.settled(look())).toMatchObject({ provision: ['web', 'www'] });
    answer.broken(new Refused('mischief '.repeat(100)));
    place.run(2_000);
    expect(joining.error?.message).toContain('mischief');
    expect(place.homes()).toEqual([]);
    expect(place.records().homes).toEqual([]);
    expect([...place.node().doors.keys()]).toEqual([]);
    const later = look();
    place.run(2_000);
    expect(later.error?.message).toContain('no such reference');
    expect(place.node().machine.disk.auditLines().join('\n')).not.toContain('mischief');
  });
});

describe('a controller that lets a machine wait which it has asked to call back', () => {
  it('gets nothing of what was taken back meanwhile, though it had never asked for it before', () => {
    const place = new JoinPlace(2);
    const { joining, answer, came, ref } = entering(place);
    answer.kept({ state: 'joined', name: 'web-07', labels: {}, controller: 'H' });
    expect(place.settled(joining)).toMatchObject({ state: 'joined' });
    const callBack = (service: string) =>
      place.operator.askAt<Gift, unknown>(ref, (turn, found) =>
        turn.send(found, 'callBack', service, new Uint8Array(32)),
      );
    callBack('networking');
    place.run(1_000);
    expect(came).toHaveLength(1);
    place.network.part('N', 'H');
    const asked = callBack('web');
    place.run(500);
    place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome'));
    place.run(500);
    place.network.heal('N', 'H');
    place.run(4_000);
    expect(asked).toMatchObject({ value: undefined });
    expect(came).toHaveLength(1);
    const { grants } = place.looked(place.node(), (turn, root) => turn.send(root, 'grants'));
    expect(grants.map(({ service, state }) => [service, state])).toEqual([
      ['networking', 'revoked'],
    ]);
  });
});

describe('a controller that says over and over that it has lost what it was given', () => {
  it('is given it anew so many times in a row, and once in a while from then on', () => {
    const { regiveCount: atOnceCount, regiveGapMs: gapMs } = FLEET_LIMITS;
    const place = new JoinPlace(3);
    const { uri, entered } = hostile(place);
    const joining = place.joining(uri);
    let giftCount = 0;
    /** Answers whatever it is asked, and breaks the connection. */
    const lose = (rounds: number): void => {
      for (let round = 0; round < rounds; round += 1) {
        place.network.reset('N', 'H');
        place.run(10_000);
        answerAll();
      }
    };
    const answerAll = (): void => {
      for (let some = entered.splice(0); some.length > 0; some = entered.splice(0)) {
        for (const { gift, answer } of some) {
          giftCount += gift.length === 0 ? 0 : 1;
          if (gift.length === 0) answer.broken(new ActorError('no-gift', 'give me more'));
          else answer.kept({ state: 'joined', name: 'web-07', labels: {}, controller: 'H' });
        }
        place.run(1_000);
      }
    };
    for (let ms = 0; ms < 2_000 && entered.length === 0; ms += 10) place.run(10);
    answerAll();
    expect(place.settled(joining)).toMatchObject({ state: 'joined' });
    lose(3 * atOnceCount);
    expect(giftCount).toBe(atOnceCount);
    expect(place.homes()).toMatchObject([{ trouble: expect.stringContaining('too often') }]);
    place.run(gapMs);
    lose(3);
    expect(giftCount).toBe(atOnceCount + 1);
    // Its owner gives as often as he likes.
    place.settled(
      place.operator.ask(place.node(), (turn, root) =>
        turn.send(root, 'giveHome', { services: ['networking'] }),
      ),
    );
    place.run(1_000);
    answerAll();
    expect(giftCount).toBe(atOnceCount + 2);
  });
});
