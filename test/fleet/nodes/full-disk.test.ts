/** A machine that joins, or has joined, where a disk has no room for what is written down of that. */
import { ActorError } from '@bellwether/actors';
import { expect, it } from 'vitest';
import { JoinPlace } from '../../support/fleet-joins.ts';
import type { FleetNode } from '../../support/fleet-node.ts';

/** From its so-manyth look at its disk on there is no room. */
const fillAt = (node: FleetNode, first = 1): void => {
  let count = 0;
  node.machine.checkRoom = () => {
    count += 1;
    if (count >= first) throw new ActorError('no-room', 'full');
  };
};
const makeRoom = (node: FleetNode): void => {
  node.machine.checkRoom = () => undefined;
};

it('a controller without room takes in no machine, says so, and does once there is some', () => {
  const place = new JoinPlace(1);
  const uri = place.invite('web-07');
  const { entries } = place.controller.machine.disk;
  const before = entries.length;
  fillAt(place.controller);
  expect(() => place.join(uri)).toThrow('join: the disk of the controller is full');
  expect(entries).toHaveLength(before);
  expect(place.homes()).toMatchObject([{ state: 'joining', isConnected: true }]);
  makeRoom(place.controller);
  place.run(11_000);
  expect(place.homes()).toMatchObject([{ state: 'joined', name: 'web-07' }]);
  expect(place.nodes()).toMatchObject([{ state: 'joined', isConnected: true }]);
});

it.each([
  ['before the controller hears of it', 2, 'invited'],
  ['before what it has answered is kept', 3, 'joined'],
])('a machine whose disk is full %s says so, and goes on by itself', (_when, first, state) => {
  const place = new JoinPlace(2);
  const uri = place.invite('web-07');
  fillAt(place.node(), first);
  expect(() => place.join(uri)).toThrow('full');
  expect(place.homes()).toMatchObject([{ state: 'joining', trouble: 'full' }]);
  expect(place.nodes()).toMatchObject([{ state }]);
  const { entries } = place.node().machine.disk;
  const before = entries.length;
  place.run(25_000);
  expect(entries).toHaveLength(before);
  makeRoom(place.node());
  place.run(11_000);
  expect(place.homes()).toMatchObject([{ state: 'joined' }]);
  expect(place.homes()[0]).not.toHaveProperty('trouble');
  expect(place.nodes()).toMatchObject([{ state: 'joined', isConnected: true }]);
});

it('a machine gives nobody a service that it has no room to write down', () => {
  const place = new JoinPlace(3);
  const uri = place.invite('web-07');
  fillAt(place.node(), 4);
  expect(place.join(uri).state).toBe('joined');
  expect(place.minted()).toEqual([]);
  const reasons = place.services().map(({ unknownReason }) => unknownReason);
  expect(reasons).toEqual([expect.stringContaining('full'), expect.stringContaining('full')]);
  makeRoom(place.node());
  place.run(11_000);
  expect(place.herd('start', 'web@web-07')).toMatchObject({ result: 'changed' });
});

it('a controller without room hears later what a machine that has joined gives now', () => {
  const place = new JoinPlace(4);
  place.join(place.invite('web-07'));
  fillAt(place.controller);
  place.looked(place.node(), (turn, root) =>
    turn.send(root, 'giveHome', { services: ['networking'] }),
  );
  place.run(1_000);
  const told = 'join: the disk of the controller is full; this machine goes on trying by itself';
  expect(place.homes()).toMatchObject([{ state: 'joined', trouble: told }]);
  makeRoom(place.controller);
  place.run(11_000);
  expect(place.names()).toEqual(['networking@web-07']);
  expect(place.homes()[0]).not.toHaveProperty('trouble');
});
