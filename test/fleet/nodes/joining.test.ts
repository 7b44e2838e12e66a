/** What a machine and its controller are to each other: who may join, what is there then, and how it ends. */
import { codeOf, isRemote } from '@bellwether/actors';
import { FLEET_LIMITS, type Gift, type NodeDoor } from '@bellwether/fleet';
import { limits } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { JoinPlace, refOf, webConfig } from '../../support/fleet-joins.ts';
import { program, service } from '../../support/shepherd-machine.ts';

const refusal = (ask: () => unknown): string => {
  try {
    ask();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was refused');
};
const auditOf = (place: JoinPlace, node = place.controller): string =>
  node.machine.disk.auditLines().join('\n');

describe('an invite', () => {
  it('is good for one key, and answers that one the same, with one record of it', () => {
    const place = new JoinPlace(1, { N: webConfig, M: webConfig });
    const uri = place.invite('web-07', { labels: { role: 'web' } });
    const first = place.join(uri);
    expect(first).toMatchObject({ state: 'joined', name: 'web-07', controller: 'C' });
    expect(first.labels).toEqual({ role: 'web' });
    const before = place.records();
    expect(place.join(uri)).toEqual({ ...first, isConnected: true });
    expect(place.records()).toEqual(before);
    for (let at = 0; at < FLEET_LIMITS.nodeAlertCount + 2; at += 1)
      expect(refusal(() => place.join(uri, place.node('M')))).toContain('another machine has used');
    expect(place.homes(place.node('M'))).toEqual([]);
    // Each is a record and a line, so there are not more of them than somebody reads.
    expect(place.nodes()).toMatchObject([{ alertCount: FLEET_LIMITS.nodeAlertCount }]);
    const alerts = auditOf(place).split('joined-twice').length - 1;
    expect(alerts).toBe(FLEET_LIMITS.nodeAlertCount);
  });

  it('opens to nobody whose connection proves no key', () => {
    const place = new JoinPlace(2);
    const asked = place.operator.askAt<NodeDoor, unknown>(refOf(place.invite()), (turn, door) =>
      turn.send(door, 'enter', { services: [] }, new Uint8Array(32)),
    );
    expect(refusal(() => place.settled(asked))).toContain('proves its key');
    expect(place.nodes()).toMatchObject([{ state: 'invited' }]);
  });

  it('ends with its time, also where the controller was away, and where a backup was restored', () => {
    const place = new JoinPlace(3);
    const uri = place.invite('web-07', { expiresMs: 60_000 });
    place.run(59_000);
    expect(place.nodes()).toMatchObject([{ state: 'invited' }]);
    place.run(1_100);
    expect(place.nodes()).toMatchObject([{ state: 'lapsed' }]);
    expect(refusal(() => place.join(uri))).toContain('not used in time');
    const next = place.invite('web-07');
    place.controller.crash();
    place.controller.rightsEpoch = { now: 2, restored: 2 };
    place.run(100);
    place.controller.boot();
    place.run(1_000);
    expect(refusal(() => place.join(next))).toContain('not used in time');
    expect(place.join(place.invite('web-07')).state).toBe('joined');
  });

  it.each([
    ['an empty one', ''],
    ['one with a slash', 'a/b'],
    ['one with an @', 'a@b'],
    ['one that leads out of a folder', '..'],
    ['one too long', 'x'.repeat(FLEET_LIMITS.nodeCharacters + 1)],
  ])('is made for no name like %s', (_what, name) => {
    const place = new JoinPlace(4);
    expect(refusal(() => place.invite(name))).toContain('node.name: expected');
    expect(place.invite('x'.repeat(FLEET_LIMITS.nodeCharacters))).toContain('ocapn://');
  });

  it('is for one name once, and for no longer than a week', () => {
    const place = new JoinPlace(5);
    place.invite('web-07');
    expect(refusal(() => place.invite('web-07'))).toContain("called 'web-07' already");
    const { nodeInviteMostMs: most } = FLEET_LIMITS;
    place.invite('web-08', { expiresMs: most });
    expect(refusal(() => place.invite('web-09', { expiresMs: most + 1 }))).toContain('expires');
    expect(place.nodes().map(({ name }) => name)).toEqual(['web-07', 'web-08']);
  });
});

describe('an attempt to join', () => {
  it('that reached nobody leaves nothing behind', () => {
    const place = new JoinPlace(30);
    const uri = place.invite();
    place.controller.crash();
    place.run(100);
    expect(refusal(() => place.join(uri))).toContain('cannot reach the controller');
    expect(place.homes()).toEqual([]);
    expect([...place.node().doors.keys()]).toEqual([]);
    expect(place.records().homes).toEqual([]);
  });

  it('of which nothing was sent before the machine died is forgotten, and a later one is as the first', () => {
    const place = new JoinPlace(31);
    const uri = place.invite();
    place.network.part('N', 'C');
    place.joining(uri);
    place.run(1_000);
    expect(place.homes()).toMatchObject([{ state: 'joining' }]);
    place.node().crash();
    place.run(100);
    place.node().boot();
    place.run(1_000);
    expect(place.homes()).toEqual([]);
    expect([...place.node().doors.keys()]).toEqual([]);
    place.network.heal('N', 'C');
    place.run(1_000);
    expect(place.join(uri).state).toBe('joined');
  });

  it('that was sent and not answered goes on by itself, over a restart', () => {
    const place = new JoinPlace(32);
    const uri = place.invite();
    const asked = place.joining(uri);
    const { entries } = place.node().machine.disk;
    while (!entries.some((each) => isGiven(each)) && place.world.step());
    place.network.part('N', 'C');
    place.run(14_000);
    expect(asked.error?.message ?? 'no answer').toMatch(/has not answered yet|ended/);
    expect(place.homes()).toMatchObject([{ state: 'joining' }]);
    place.node().crash();
    place.run(100);
    place.node().boot();
    place.network.heal('N', 'C');
    place.run(30_000);
    expect(place.homes()).toMatchObject([{ state: 'joined', name: 'web-07' }]);
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });
});
/** A record of a home whose controller is about to hear of a gift. */
const isGiven = (entry: unknown): boolean =>
  typeof entry === 'object' &&
  entry !== null &&
  'kind' in entry &&
  entry.kind === 'home' &&
  'gift' in entry &&
  entry.gift !== '';

describe('who asks again before there was an answer', () => {
  it('hears it when it comes, though the first one has given up', () => {
    const place = new JoinPlace(36);
    const uri = place.invite();
    const first = place.joining(uri);
    const { entries } = place.node().machine.disk;
    while (!entries.some((each) => isGiven(each)) && place.world.step());
    place.network.part('N', 'C');
    place.run(4_000);
    const second = place.joining(uri);
    place.run(2_500);
    expect(first.error?.message).toContain('has not answered yet');
    place.network.heal('N', 'C');
    place.run(3_000);
    expect(second.value).toMatchObject({ state: 'joined' });
  });
  it('hears at once that somebody has left it, and does not wait for what will never be', () => {
    const place = new JoinPlace(37);
    const asked = place.joining(place.invite());
    const { entries } = place.node().machine.disk;
    while (!entries.some((each) => isGiven(each)) && place.world.step());
    place.network.part('N', 'C');
    place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome'));
    place.run(1_000);
    expect(asked.error?.message).toContain('has left its controller');
    expect(place.homes()).toEqual([]);
  });
});

describe('what a machine gives', () => {
  it('is there under its names, and of it nothing else', () => {
    const place = new JoinPlace(6);
    place.join(place.invite('web-07', { labels: { role: 'web' } }));
    expect(place.services()).toMatchObject([
      { kind: 'exported', provision: ['networking@web-07'], origin: 'web-07' },
      { provision: ['web@web-07', 'www@web-07'], labels: { role: 'web' } },
    ]);
    const uri = place.controller.gifts.get('web-07') ?? '';
    const ask = (service: string) =>
      place.operator.askAt<Gift, unknown>(refOf(uri), (turn, gift) =>
        turn.send(turn.send(gift, 'service', service), 'status'),
      );
    expect(place.settled(ask('web'))).toMatchObject({ provision: ['web', 'www'] });
    for (const name of ['root', 'nothing', 'web@web-07', '', 'x'.repeat(200)])
      expect(refusal(() => place.settled(ask(name)))).not.toBe('');
  });

  it('may be called anything, and what cannot be a name here is left out and said', () => {
    const long = 'x'.repeat(limits.nameCharacters - '@web-07'.length);
    const place = new JoinPlace(
      7,
      {
        N: {
          services: [
            service({ provision: ['@home'] }),
            service({ provision: ['a@b', '-rf', '$(reboot)'] }),
            // `herd why` and others show commands with it, to be typed.
            service({ provision: ['web;reboot'] }),
            service({ provision: ['taken'] }),
            service({ provision: [`${long}y`] }),
            service({ provision: [long] }),
          ],
        },
      },
      { services: [service({ provision: ['own', 'taken@web-07'] })] },
    );
    place.join(place.invite());
    expect(place.names()).toEqual(['own', 'a@b@web-07', `${long}@web-07`]);
    expect(place.nodes()[0]?.leftOut).toEqual([
      { service: '@home@web-07', why: 'that cannot be the name of a service here' },
      { service: 'web;reboot@web-07', why: 'that cannot be the name of a service here' },
      { service: `${long}y@web-07`, why: 'that cannot be the name of a service here' },
      { service: 'taken@web-07', why: 'the configuration here has that name' },
    ]);
    expect(place.herd('start', 'a@b@web-07').result).toBe('changed');
    // The name is free again with the next configuration.
    place.controller.config = {};
    place.settled(
      place.operator.ask(place.controller, (turn, root) =>
        turn.send(root, 'reload', false, place.operator.printer(turn)),
      ),
    );
    place.run(1_000);
    expect(place.names()).toContain('taken@web-07');
    expect(place.herd('start', 'taken@web-07').result).toBe('changed');
  });

  it('is named where it is left out, so much of it at most', () => {
    const { leftOutCount } = FLEET_LIMITS;
    for (const count of [leftOutCount, leftOutCount + 1]) {
      const services = Array.from({ length: count }, (_none, at) =>
        service({ provision: [`@s${at}`] }),
      );
      const place = new JoinPlace(43, { N: { services } });
      place.join(place.invite());
      expect(place.names()).toEqual([]);
      expect(place.nodes()).toMatchObject([{ serviceCount: count }]);
      expect(place.nodes()[0]?.leftOut?.length).toBe(leftOutCount);
    }
  });

  it('is so many services at most', () => {
    const many = (count: number) => ({
      services: Array.from({ length: count }, (_none, at) => service({ provision: [`s${at}`] })),
    });
    const { givenCount } = FLEET_LIMITS;
    const place = new JoinPlace(8, { N: many(givenCount), M: many(givenCount + 1) });
    place.join(place.invite('n'));
    place.run(2_000);
    expect(place.names().length).toBe(givenCount);
    expect(place.herd('start', `s${givenCount - 1}@n`).result).toBe('changed');
    const uri = place.invite('m');
    expect(refusal(() => place.join(uri, place.node('M')))).toContain(
      `${givenCount} services at most`,
    );
    const chosen = place.join(uri, place.node('M'), { services: ['s1'] });
    expect(chosen).toMatchObject({ serviceCount: 1 });
    expect(place.names()).toContain('s1@m');
  });

  it.each<[string, object, number?]>([
    ['no list', { services: 7 }],
    ['a name that is none', { services: [['a b']] }],
    ['a service without a name', { services: [[]] }],
    ['a name twice', { services: [['a'], ['b', 'a']] }],
    ['a gift too short', { services: [] }, FLEET_LIMITS.giftBytes - 1],
    ['a gift too long', { services: [] }, FLEET_LIMITS.giftBytes + 1],
    ['a mark too long', { services: [], gift: '0'.repeat(FLEET_LIMITS.fingerprintCharacters + 1) }],
    [
      'a mark of other digits',
      { services: [], gift: 'x'.repeat(FLEET_LIMITS.fingerprintCharacters) },
    ],
    ['too many', { services: Array.from({ length: 1_025 }, (_none, at) => [`s${at}`]) }],
  ])('is refused as a whole where it is %s', (_what, self, giftBytes = FLEET_LIMITS.giftBytes) => {
    const place = new JoinPlace(9);
    const uri = place.invite();
    const router = place.node().router;
    if (router === undefined) throw new Error('no router');
    // A machine that says what it likes, with its own key.
    const door = router.enliven<NodeDoor>(refOf(uri));
    const told: unknown[] = [];
    const { vat } = place.node().machine.life;
    vat.post(door, 'enter', [self, new Uint8Array(giftBytes)], {
      kept: (value) => void told.push(value),
      broken: (reason) => void told.push(reason),
    });
    place.run(2_000);
    expect(told.map((each) => isRemote(each) && codeOf(each as Error))).toEqual(['malformed']);
    expect(place.nodes()).toMatchObject([{ state: 'invited' }]);
    expect(place.join(uri).state).toBe('joined');
  });

  it('follows its configuration, and is the choice that was made', () => {
    const place = new JoinPlace(10, { N: webConfig, M: webConfig });
    place.join(place.invite('n'));
    place.join(place.invite('m'), place.node('M'), { services: ['www'] });
    expect([...place.names()].sort()).toEqual(['networking@n', 'web@m', 'web@n']);
    for (const node of [place.node('N'), place.node('M')]) {
      const [first = service({ provision: ['x'] })] = webConfig.services ?? [];
      node.config = { services: [first, program({ provision: ['cron'] })] };
      place.settled(
        place.operator.ask(node, (turn, root) =>
          turn.send(root, 'reload', false, place.operator.printer(turn)),
        ),
      );
    }
    place.run(2_000);
    expect([...place.names()].sort()).toEqual(['cron@n', 'networking@n']);
    // Whoever has the gift has what was chosen, and no more.
    const gift = refOf(place.controller.gifts.get('m') ?? '');
    const other = place.operator.askAt<Gift, unknown>(gift, (turn, found) =>
      turn.send(turn.send(found, 'service', 'networking'), 'status'),
    );
    expect(refusal(() => place.settled(other))).toContain('no such reference');
    expect(place.herd('start', 'cron@n').result).toBe('changed');
  });

  it('can be taken back service by service, and is granted on as far as it goes', () => {
    const place = new JoinPlace(11);
    place.join(place.invite());
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
    const [home] = place.looked(place.node(), (turn, root) => turn.send(root, 'homes'));
    const { id, label } =
      place
        .looked(place.node(), (turn, root) => turn.send(root, 'grants'))
        .grants.find(({ service: name }) => name === 'web') ?? {};
    expect(label).toBe(`controller ${home?.designator}`);
    place.settled(
      place.operator.ask(place.node(), (turn, root) => turn.send(root, 'revokeGrant', id ?? '')),
    );
    expect(place.herd('stop', 'web@web-07')).toMatchObject({ result: 'denied' });
    expect(place.herd('start', 'networking@web-07').result).toMatch(/ok|changed/);
  });
});

describe('contact', () => {
  it('is kept by the machine, and a controller that knows nothing any more is given anew', () => {
    const place = new JoinPlace(12);
    place.join(place.invite());
    place.controller.crash();
    place.controller.gifts.clear();
    place.run(500);
    place.controller.boot();
    place.run(12_000);
    expect([...place.controller.gifts.keys()]).toEqual(['web-07']);
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
    expect(place.nodes()).toMatchObject([{ state: 'joined', isConnected: true }]);
  });

  it('makes good that word of another gift was lost with the machine', () => {
    const place = new JoinPlace(35);
    place.join(place.invite());
    const { entries } = place.node().machine.disk;
    const before = entries.length;
    place.operator.ask(place.node(), (turn, root) =>
      turn.send(root, 'giveHome', { services: ['networking'] }),
    );
    while (!entries.slice(before).some((each) => isGiven(each)) && place.world.step());
    place.node().crash();
    place.run(100);
    place.node().boot();
    place.run(30_000);
    expect(place.names()).toEqual(['networking@web-07']);
    expect(place.herd('start', 'networking@web-07').result).toMatch(/ok|changed/);
  });

  it('with one that only dials out is never sought, and comes back with it', () => {
    const place = new JoinPlace(13);
    place.join(place.invite(), place.node(), { isDialOut: true });
    place.run(500);
    expect(place.nodes()).toMatchObject([{ isDialOut: true, isConnected: true }]);
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
    for (const goes of ['link', 'machine', 'link'] as const) {
      if (goes === 'link') place.network.part('C', 'N');
      else place.node().crash();
      place.run(90_000);
      const away = place.herd('restart', 'web@web-07');
      expect(away.result).toBe('unreachable');
      expect(JSON.stringify(away)).toContain('it only dials out');
      if (goes === 'link') place.network.heal('C', 'N');
      else place.node().boot();
      place.run(40_000);
      expect(place.nodes()).toMatchObject([{ isConnected: true }]);
      expect(place.herd('restart', 'web@web-07').result).toBe('changed');
    }
    place.controller.crash();
    place.run(1_000);
    place.controller.boot();
    place.run(8_000);
    expect(place.herd('stop', 'web@web-07').result).toBe('changed');
  });
});

describe('a machine that calls', () => {
  it('is there for its controller at once, which need not wait for its next dial', () => {
    const place = new JoinPlace(33);
    place.join(place.invite(), place.node(), { isDialOut: true });
    place.node().crash();
    place.run(120_000);
    expect(place.nodes()).toMatchObject([{ isConnected: false }]);
    place.node().boot();
    place.run(100);
    while (place.homes()[0]?.isConnected !== true) place.run(10);
    place.run(100);
    expect(place.nodes()).toMatchObject([{ isConnected: true }]);
    expect(place.services()).toMatchObject([{ stage: 'stopped' }, { stage: 'stopped' }]);
  });

  it('by a new key is the one that hears of its end', () => {
    const place = new JoinPlace(34, { N: webConfig, M: webConfig });
    place.join(place.invite());
    const { invite } = place.settled(
      place.operator.ask(place.controller, (turn, root) => turn.send(root, 'rekeyNode', 'web-07')),
    );
    place.join(invite, place.node('M'));
    place.run(2_000);
    expect(place.homes(place.node('N'))).toEqual([]);
    expect(place.homes(place.node('M'))).toMatchObject([{ state: 'joined' }]);
    expect(place.settled(place.removing()).isTold).toBe(true);
    expect(place.homes(place.node('M'))).toEqual([]);
  });
});

describe('limits', () => {
  it('are of controllers that one machine has', () => {
    const { homeCount } = FLEET_LIMITS;
    const place = new JoinPlace(20);
    const others = Array.from({ length: homeCount }, (_none, at) => place.add(`D${at}`, {}));
    for (const [at, other] of others.entries()) {
      const uri = place.invite('web-07', {}, other);
      expect(place.join(uri).designator).toBe(`D${at}`);
    }
    expect(place.homes().length).toBe(homeCount);
    const uri = place.invite();
    expect(refusal(() => place.join(uri))).toContain(`${homeCount} controllers`);
    // Each of them can be told apart, and one makes room for another.
    const leave = (home?: string) =>
      place.settled(
        place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome', home)),
      );
    expect(refusal(() => leave())).toContain('say which');
    leave('D3');
    expect(place.join(uri).designator).toBe('C');
  });

  it('are of sessions that a controller may have opened at once', () => {
    const { callBackCount } = FLEET_LIMITS;
    const place = new JoinPlace(21);
    const other = place.add('D', {});
    place.join(place.invite());
    place.join(place.invite('web-07', {}, other));
    const giftOf = ({ gifts }: typeof other) => refOf(gifts.get('web-07') ?? '');
    const call = (to = place.controller) =>
      place.operator.askAt<Gift, unknown>(giftOf(to), (turn, found) =>
        turn.send(found, 'callBack', 'web', new Uint8Array(32)),
      );
    // Nobody waits for any of these at the controller; each holds its place until its dial has ended.
    place.network.part('N', 'C');
    const asked = Array.from({ length: callBackCount + 1 }, () => call());
    place.run(500);
    expect(asked.filter(({ error }) => error !== undefined).length).toBe(1);
    expect(asked.at(-1)?.error?.message).toContain('connections are being opened already');
    // Another controller of the machine has as many of its own.
    const others = call(other);
    place.run(500);
    expect(others.error?.message ?? '').not.toContain('already');
    place.network.heal('N', 'C');
    place.run(40_000);
    // A token that nobody waits for is refused at the controller, and there is room again.
    const again = call();
    place.run(2_000);
    expect(again.error?.message ?? '').not.toContain('already');
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });

  it('are of machines that were removed and have not heard of it: the oldest are forgotten', () => {
    const { departedCount } = FLEET_LIMITS;
    const place = new JoinPlace(22);
    const { disk } = place.controller.machine;
    place.join(place.invite('last'));
    place.node().crash();
    place.controller.crash();
    // As a store has them: by their hashes, and not by their times.
    for (let at = departedCount - 1; at >= 0; at -= 1)
      disk.entries.push({
        kind: 'departed',
        hash: `hash-${at}`,
        designator: 'X',
        name: 'x',
        atMs: at,
      });
    place.run(100);
    place.controller.boot();
    place.run(1_000);
    expect(place.settled(place.removing('last')).isTold).toBe(false);
    const { departed } = place.records(place.controller).nodes;
    expect(departed.length).toBe(departedCount);
    expect(departed.map(({ hash }) => hash)).not.toContain('hash-0');
    expect(departed.at(-1)?.name).toBe('last');
  });

  it('are of machines that are known', () => {
    const { nodeCount } = FLEET_LIMITS;
    const place = new JoinPlace(23);
    place.rebootWithInvited(nodeCount - 1);
    place.invite('last');
    expect(refusal(() => place.invite('more'))).toContain(`${nodeCount} machines`);
    expect(place.nodes().length).toBe(nodeCount);
  });
});

describe('another choice, and another invite', () => {
  it('take the place of what was chosen before, by the same invite', () => {
    const place = new JoinPlace(40);
    const uri = place.invite();
    place.join(uri, place.node(), { services: ['web'] });
    expect(place.names()).toEqual(['web@web-07']);
    // Who only asks again changes nothing.
    expect(place.join(uri)).toMatchObject({ services: ['web'] });
    place.run(1_000);
    expect(place.names()).toEqual(['web@web-07']);
    expect(place.join(uri, place.node(), { isAll: true }).services).toBeUndefined();
    place.run(1_000);
    expect([...place.names()].sort()).toEqual(['networking@web-07', 'web@web-07']);
    place.join(uri, place.node(), { services: ['networking'] });
    place.run(1_000);
    expect(place.names()).toEqual(['networking@web-07']);
  });

  it('of the same controller is not taken before the machine has left it, however that is', () => {
    const place = new JoinPlace(41);
    place.join(place.invite());
    const next = place.invite('web-08');
    expect(refusal(() => place.join(next))).toContain("'shepherd leave' first");
    place.controller.crash();
    place.run(20_000);
    expect(refusal(() => place.join(next))).toContain("'shepherd leave' first");
    place.controller.boot();
    place.run(12_000);
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });

  it('leave no record for good of what was taken back', () => {
    const place = new JoinPlace(42);
    const uri = place.invite();
    const cycle = (): void => {
      place.join(uri);
      place.run(1_000);
      place.settled(place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome')));
      place.run(1_000);
    };
    cycle();
    cycle();
    expect(place.minted().length).toBe(4);
    for (let day = 0; day < 8; day += 1) place.run(86_400_000);
    cycle();
    expect(place.minted().length).toBe(2);
  });
});

describe('the end', () => {
  it('comes at once where the machine is reached, and its services go on', () => {
    const place = new JoinPlace(14);
    place.join(place.invite());
    place.herd('start', 'web@web-07');
    const gift = refOf(place.controller.gifts.get('web-07') ?? '');
    expect(place.settled(place.removing())).toEqual({ name: 'web-07', isTold: true });
    expect(place.homes()).toEqual([]);
    expect(place.names()).toEqual([]);
    const asked = place.operator.askAt<Gift, unknown>(gift, (turn, found) =>
      turn.send(turn.send(found, 'service', 'web'), 'status'),
    );
    expect(refusal(() => place.settled(asked))).not.toBe('');
    expect(place.node().machine.processes.lifetimes('web').length).toBe(1);
    expect(auditOf(place)).toContain('node rm');
    expect(refusal(() => place.settled(place.removing()))).toContain('no machine is called');
  });

  it('comes with the next call where it is not', () => {
    const place = new JoinPlace(15);
    place.join(place.invite());
    place.node().crash();
    place.run(1_000);
    expect(place.settled(place.removing())).toEqual({ name: 'web-07', isTold: false });
    expect(place.names()).toEqual([]);
    place.controller.crash();
    place.run(100);
    place.controller.boot();
    place.node().boot();
    place.run(10_000);
    expect(place.homes()).toEqual([]);
    expect(place.records(place.controller).nodes.departed).toEqual([]);
    expect([...place.node().doors.keys()]).toEqual([]);
    expect(auditOf(place, place.node())).toContain('its controller has removed this machine');
    // The same machine may come again, by another invite.
    expect(place.join(place.invite('web-07')).state).toBe('joined');
  });

  it('comes from the machine, too, and the same invite brings it back', () => {
    const place = new JoinPlace(16);
    const uri = place.invite();
    place.join(uri);
    place.settled(place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome')));
    place.run(1_000);
    expect(place.nodes()).toMatchObject([{ state: 'left', serviceCount: 0 }]);
    expect(place.names()).toEqual([]);
    expect([...place.controller.gifts.keys()]).toEqual([]);
    expect(place.join(uri).state).toBe('joined');
    place.run(1_000);
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });

  it('is not undone by an older backup of the machine before its owner says so', () => {
    const place = new JoinPlace(17);
    const uri = place.invite();
    place.join(uri);
    place.herd('start', 'web@web-07');
    place.node().crash();
    place.node().rightsEpoch = { now: 2, restored: 2 };
    place.run(100);
    place.node().boot();
    place.run(10_000);
    expect(place.homes()).toMatchObject([{ state: 'unconfirmed' }]);
    expect(refusal(() => place.join(uri))).toContain('a backup was restored');
    expect(place.herd('stop', 'web@web-07').result).not.toMatch(/ok|changed/);
    place.settled(
      place.operator.ask(place.node(), (turn, root) => turn.send(root, 'confirmGrants', [])),
    );
    place.run(40_000);
    expect(place.homes()).toMatchObject([{ state: 'joined' }]);
    expect(place.herd('stop', 'web@web-07').result).toBe('changed');
  });
});
