/** Two machines with one invite: what becomes of each, and who says which is right. */
import { FLEET_LIMITS, type LocalRoot, type NodeFacts } from '@bellwether/fleet';
import { doubtLabel, limits } from '@bellwether/shepherd';
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { JoinPlace, webConfig } from '../../support/fleet-joins.ts';

const refusal = (ask: () => unknown): string => {
  try {
    ask();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was refused');
};
/** In a simulated world the name of a machine is its key. */
const thief = 'thiefthiefthiefthief2345';
const mine = 'minemineminemineminemine';
const machines = { [thief]: webConfig, [mine]: webConfig };
/** The thief has joined by the invite of mine. */
const robbed = (seed: number): { readonly place: JoinPlace; readonly uri: string } => {
  const place = new JoinPlace(seed, machines);
  const uri = place.invite('web-07', { labels: { role: 'web' } });
  place.join(uri, place.node(thief));
  place.herd('start', 'web@web-07');
  return { place, uri };
};
const tryWith = (place: JoinPlace, uri: string): string =>
  refusal(() => place.join(uri, place.node(mine)));
const asked = <T>(
  place: JoinPlace,
  ask: (turn: Turn, root: Vow<Ref<LocalRoot>>) => Vow<T>,
): unknown => place.settled(place.operator.ask(place.controller, ask));
const approve = (place: JoinPlace, key?: string): unknown =>
  asked(place, (turn, root) =>
    turn.send(root, 'approveNode', 'web-07', ...(key === undefined ? [] : [key])),
  );
const selected = (place: JoinPlace, selector: string): unknown =>
  asked(place, (turn, root) => turn.send(root, 'select', selector));
const onlyNode = (place: JoinPlace): NodeFacts => {
  const [node] = place.nodes();
  if (node === undefined) throw new Error('no machine');
  return node;
};
const keyOf = (place: JoinPlace, name: string): string =>
  place.looked(place.node(name), (turn, root) => turn.send(root, 'machineKey'));

describe('a machine whose invite another one has, too', () => {
  it('is in doubt: no selector picks it out, nothing is started there, and what runs can be stopped', () => {
    const { place, uri } = robbed(1);
    expect(selected(place, 'role=web')).toMatchObject({
      names: ['networking@web-07', 'web@web-07'],
    });
    expect(tryWith(place, uri)).toContain('another machine has used');
    place.run(1_000);
    const node = onlyNode(place);
    expect(node).toMatchObject({ state: 'joined', isInDoubt: true, alertCount: 1 });
    expect(node).toMatchObject({ designator: keyOf(place, thief), alertBy: keyOf(place, mine) });
    for (const selector of ['role=web', 'role!=db', '!canary'])
      expect(refusal(() => selected(place, selector))).toContain(doubtLabel);
    expect(selected(place, doubtLabel)).toMatchObject({
      names: ['networking@web-07', 'web@web-07'],
    });
    const web = () => place.services().find(({ provision: [name] }) => name === 'web@web-07');
    expect(web()).toMatchObject({ stage: 'running', labels: { role: 'web', [doubtLabel]: '' } });
    for (const action of ['start', 'restart', 'stage', 'deploy'])
      expect(place.herd(action, 'web@web-07')).toMatchObject({ result: 'denied' });
    expect(place.herd('start', 'web@web-07').reason).toContain('herd node approve web-07');
    expect(place.herd('stop', 'web@web-07')).toMatchObject({ result: 'changed' });
    const audit = place.controller.machine.disk.auditLines().join('\n');
    expect(audit).toContain('one of them is not yours');
  });

  it('stays in doubt over a restart, and is as before once its key is approved', () => {
    const { place, uri } = robbed(2);
    tryWith(place, uri);
    place.controller.crash();
    place.run(100);
    place.controller.boot();
    place.run(15_000);
    expect(place.herd('restart', 'web@web-07')).toMatchObject({ result: 'denied' });
    expect(refusal(() => approve(place, keyOf(place, mine)))).toContain('another key');
    approve(place, keyOf(place, thief));
    place.run(1_000);
    const node = onlyNode(place);
    expect(node.isInDoubt ?? node.alertCount).toBeUndefined();
    expect(selected(place, 'role=web')).toMatchObject({
      names: ['networking@web-07', 'web@web-07'],
    });
    expect(place.herd('restart', 'web@web-07').result).toMatch(/ok|changed/);
    // Whoever has a copy of the invite still cannot take a good machine out.
    tryWith(place, uri);
    place.run(1_000);
    expect(onlyNode(place)).toMatchObject({ alertCount: 1 });
    expect(onlyNode(place).isInDoubt).toBeUndefined();
    expect(place.herd('start', 'web@web-07').result).toMatch(/ok|changed/);
  });

  it('is put in doubt on its first day alone', () => {
    const { nodeDoubtMs } = FLEET_LIMITS;
    for (const [ageMs, isInDoubt] of [
      [nodeDoubtMs - 60_000, true],
      [nodeDoubtMs + 60_000, undefined],
    ] as const) {
      const { place, uri } = robbed(3);
      const both = [place.controller, place.node(thief)];
      for (const node of both) node.crash();
      place.run(ageMs);
      for (const node of both) node.boot();
      place.run(2_000);
      tryWith(place, uri);
      expect(onlyNode(place)).toMatchObject({ alertCount: 1 });
      expect(onlyNode(place).isInDoubt).toBe(isInDoubt);
    }
  });

  it('loses its key at once when it gets a new invite, which one that is not in doubt does not', () => {
    const { place, uri } = robbed(4);
    const rekey = (): string =>
      place.settled(
        place.operator.ask(place.controller, (turn, root) =>
          turn.send(root, 'rekeyNode', 'web-07', 60_000, { labels: { role: 'db' } }),
        ),
      ).invite;
    rekey();
    place.run(1_000);
    expect(selected(place, 'role=db')).toMatchObject({
      names: ['networking@web-07', 'web@web-07'],
    });
    tryWith(place, uri);
    const next = rekey();
    place.run(2_000);
    expect(place.names()).toEqual([]);
    expect(place.homes(place.node(thief))).toEqual([]);
    expect(onlyNode(place)).toMatchObject({ state: 'invited', labels: { role: 'db' } });
    expect(place.join(next, place.node(mine))).toMatchObject({ state: 'joined', name: 'web-07' });
    expect(onlyNode(place).isInDoubt).toBeUndefined();
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });

  it('has alerts that say when it was last so, however many there are', () => {
    const { place, uri } = robbed(5);
    const { nodeAlertCount, nodeAlertMs } = FLEET_LIMITS;
    for (let at = 0; at < nodeAlertCount + 2; at += 1) tryWith(place, uri);
    const before = onlyNode(place);
    expect(before.alertCount).toBe(nodeAlertCount);
    place.run(nodeAlertMs);
    tryWith(place, uri);
    tryWith(place, uri);
    const after = onlyNode(place);
    expect(after.alertCount).toBe(nodeAlertCount + 1);
    expect((after.alertMs ?? 0) - (before.alertMs ?? 0)).toBeGreaterThanOrEqual(nodeAlertMs);
  });

  it('has a label for that though it has as many as there can be', () => {
    const place = new JoinPlace(6, machines);
    const labels = Object.fromEntries(
      Array.from({ length: limits.labelCount }, (_none, at) => [`k${at}`, '']),
    );
    const uri = place.invite('web-07', { labels });
    place.join(uri, place.node(thief));
    tryWith(place, uri);
    place.run(1_000);
    const [first] = place.services();
    expect(Object.keys(first?.labels ?? {})).toContain(doubtLabel);
    expect(Object.keys(first?.labels ?? {}).length).toBe(limits.labelCount);
  });
});

describe('an invite for a key', () => {
  it('is good for that one alone, whoever comes first, and nothing puts its machine in doubt', () => {
    const place = new JoinPlace(7, machines);
    const key = keyOf(place, mine).slice(0, FLEET_LIMITS.keyCharacters);
    const uri = place.invite('web-07', { key: (key.match(/.{1,4}/g) ?? []).join('-') });
    expect(refusal(() => place.join(uri, place.node(thief)))).toContain(
      'for a machine with another key',
    );
    expect(place.homes(place.node(thief))).toEqual([]);
    expect(onlyNode(place)).toMatchObject({ state: 'invited', alertCount: 1, inviteKey: key });
    expect(place.join(uri, place.node(mine)).state).toBe('joined');
    expect(refusal(() => place.join(uri, place.node(thief)))).toContain('another machine has used');
    expect(onlyNode(place)).toMatchObject({ alertCount: 1 });
    expect(onlyNode(place).isInDoubt).toBeUndefined();
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });
  it('is made for a fingerprint that nobody can search for, and for nothing longer than a key', () => {
    const place = new JoinPlace(8);
    const { keyCharacters: least, designatorCharacters: most } = FLEET_LIMITS;
    expect(place.invite('a', { key: 'a'.repeat(least) })).toContain('ocapn://');
    expect(place.invite('b', { key: 'a'.repeat(most) })).toContain('ocapn://');
    for (const key of ['a'.repeat(least - 1), 'a'.repeat(most + 1), `${'a'.repeat(least)}!`, ''])
      expect(refusal(() => place.invite('c', { key }))).toContain('key: expected a fingerprint');
  });
  it('has its alert acknowledged before anybody has joined, and without one there is nothing to approve', () => {
    const place = new JoinPlace(9, machines);
    const uri = place.invite('web-07', { key: keyOf(place, mine) });
    expect(refusal(() => approve(place))).toContain('has not joined');
    refusal(() => place.join(uri, place.node(thief)));
    approve(place);
    expect(onlyNode(place).alertCount).toBeUndefined();
    expect(place.join(uri, place.node(mine)).state).toBe('joined');
  });
});

describe('labels of a machine', () => {
  const label = (place: JoinPlace, set: Record<string, string>, drop: readonly string[] = []) =>
    asked(place, (turn, root) => turn.send(root, 'labelNode', 'web-07', { set, drop }));
  it('change at once, in selectors and records, and what is not named stays', () => {
    const place = new JoinPlace(10);
    place.join(place.invite('web-07', { labels: { role: 'web', zone: 'a' } }));
    expect(label(place, { role: 'db' })).toMatchObject({ labels: { role: 'db', zone: 'a' } });
    place.run(1_000);
    expect(selected(place, 'role=db,zone=a')).toMatchObject({
      names: ['networking@web-07', 'web@web-07'],
    });
    expect(refusal(() => selected(place, 'role=web'))).toContain('role');
    label(place, {}, ['zone']);
    place.run(1_000);
    expect(refusal(() => selected(place, 'zone=a'))).toContain('zone');
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });
  it('are so many at most, and none of them is the one that holds a machine back', () => {
    const place = new JoinPlace(11);
    place.join(place.invite());
    const many = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_none, at) => [`k${from + at}`, '']));
    label(place, many(0, limits.labelCount));
    expect(refusal(() => label(place, many(limits.labelCount, 1)))).toContain('at most');
    expect(refusal(() => label(place, { [doubtLabel]: '' }))).toContain('herd node approve');
    const more = { labels: { [doubtLabel]: '' } };
    expect(refusal(() => place.invite('x', more))).toContain('herd node approve');
  });
});

describe('what a machine gives', () => {
  const give = (place: JoinPlace, spec: object, home?: string): unknown =>
    place.settled(
      place.operator.ask(place.node(), (turn, root) =>
        turn.send(root, 'giveHome', spec, ...(home === undefined ? [] : [home])),
      ),
    );
  it('changes without its invite, and less is taken back from whoever has it', () => {
    const place = new JoinPlace(12);
    place.join(place.invite());
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
    const before = place.minted().filter(({ service: name }) => name === 'web');
    expect(give(place, { services: ['networking'] })).toMatchObject({ services: ['networking'] });
    place.run(2_000);
    expect(place.names()).toEqual(['networking@web-07']);
    const listed = place.looked(place.node(), (turn, root) => turn.send(root, 'grants')).grants;
    expect(before.length).toBe(1);
    expect(listed.filter(({ service: name, state }) => name === 'web' && state === 'live')).toEqual(
      [],
    );
    give(place, { isAll: true, isDialOut: true });
    place.run(2_000);
    expect([...place.names()].sort()).toEqual(['networking@web-07', 'web@web-07']);
    expect(place.herd('stop', 'web@web-07').result).toBe('changed');
    expect(place.nodes()).toMatchObject([{ isDialOut: true }]);
    give(place, { isDialOut: false });
    place.run(2_000);
    expect(onlyNode(place).isDialOut).toBeUndefined();
    expect(place.herd('start', 'web@web-07').result).toBe('changed');
  });
  it('changes while its controller is away, which hears of it later', () => {
    const place = new JoinPlace(13);
    place.join(place.invite());
    place.controller.crash();
    place.run(1_000);
    give(place, { services: ['networking'] });
    place.node().crash();
    place.run(100);
    place.node().boot();
    place.controller.boot();
    place.run(30_000);
    expect(place.names()).toEqual(['networking@web-07']);
    expect(place.herd('start', 'networking@web-07').result).toMatch(/ok|changed/);
  });
  it('goes to the controller that is meant, by its name or enough of its key', () => {
    const place = new JoinPlace(14);
    const key = 'controlcontrolcontrol234';
    place.join(place.invite('web-07', {}, place.add(key, {})));
    place.join(place.invite());
    const leave = (home?: string): unknown =>
      place.settled(
        place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome', home, true)),
      );
    const least = FLEET_LIMITS.typedKeyCharacters;
    expect(refusal(() => leave(key.slice(0, least - 1)))).toContain(`${least} characters`);
    expect(refusal(() => leave('nobody'))).toContain('no such controller');
    expect(refusal(() => leave())).toContain('several controllers');
    expect(leave(key.slice(0, least))).toMatchObject({ designator: key });
    // What two keys begin with means neither; one that is a whole key is that. Names: choosing.test.ts.
    const whole = key.slice(0, 7);
    place.join(place.invite('web-07', {}, place.add(whole, {})));
    expect(refusal(() => leave(key.slice(0, 6)))).toContain('several controllers');
    expect(leave(whole)).toMatchObject({ designator: whole });
    expect(leave(key.slice(0, 8))).toMatchObject({ designator: key });
    expect(leave('C')).toMatchObject({ controller: 'C' });
    // That was asked, and not done.
    expect(place.homes().length).toBe(3);
  });
});
