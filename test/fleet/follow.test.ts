/** Logs of other machines: under which names they come, and what happens when their hosts come and go. */
import { World } from '@bellwether/actors';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { LogQuery } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { FleetNode, introduce, Operator, type NodeConfig } from '../support/fleet-node.ts';
import { Ear } from '../support/log-ear.ts';
import { program, type Asked } from '../support/shepherd-machine.ts';

const web: NodeConfig = { services: [program({ provision: ['web'] })] };
const controller: NodeConfig = {
  exported: { 'web-a': 'A', 'web-b': 'B' },
  fleets: [{ name: 'fleet', members: ['web-a', 'web-b'], minReady: 1 }],
};
const up = (
  configs: Readonly<Record<string, NodeConfig>>,
  refs: readonly (readonly [from: string, service: string, to: string])[],
) => {
  const world = new World(7);
  const site = { world, network: new MemoryNetwork(world) };
  const nodes = new Map(
    Object.entries(configs).map(([name, config]) => [name, new FleetNode(site, name, config)]),
  );
  const operator = new Operator(site);
  const nodeOf = (name: string): FleetNode => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  };
  const pass = (ms: number): void => void world.run(world.now + ms);
  for (const node of nodes.values()) node.boot();
  pass(1_000);
  for (const [from, service, to] of refs)
    introduce(site, operator, nodeOf(from), service, nodeOf(to));
  const follow = (node: string, name: string, query: LogQuery) => {
    const ear = new Ear();
    const asked: Asked<void> = operator.ask(nodeOf(node), (turn, root) =>
      turn.send(root, 'follow', name, query, ear.spawn(turn)),
    );
    return { ear, asked };
  };
  const say = (node: string, ...lines: readonly string[]): void =>
    nodeOf(node).machine.logs.write('web', ...lines);
  const readingsOf = (node: string): number => nodeOf(node).machine.logs.readings.size;
  return { ...site, operator, nodeOf, pass, follow, say, readingsOf };
};
const two = () =>
  up({ A: web, B: web, C: controller }, [
    ['A', 'web', 'C'],
    ['B', 'web', 'C'],
  ]);

describe('the log of a service elsewhere', () => {
  it("comes under the operator's name for its machine, past lines first", () => {
    const place = two();
    place.say('A', 'one');
    const { ear } = place.follow('C', 'web-a', { lineCount: 1 });
    place.pass(100);
    place.say('A', 'two');
    place.pass(100);
    expect(ear.tagged).toEqual(['A -: one', 'A -: two']);
  });
  it('is had in one answer, too', () => {
    const place = two();
    place.say('A', 'one', 'two');
    const asked = place.operator.ask(place.nodeOf('C'), (turn, root) =>
      turn.send(root, 'log', 'web-a', 1),
    );
    place.pass(100);
    expect(asked.value).toEqual(['two']);
  });
  it('goes on where it was when its host is back, and says so', () => {
    const place = two();
    const { ear } = place.follow('C', 'web-a', { lineCount: 0 });
    place.pass(100);
    place.say('A', 'one');
    place.pass(100);
    place.nodeOf('A').crash();
    place.pass(2_000);
    place.say('A', 'two');
    place.nodeOf('A').boot();
    place.pass(20_000);
    place.say('A', 'three');
    place.pass(1_000);
    expect(ear.lines).toEqual(['one', 'two', 'three']);
    expect(ear.notes.map((note) => note.split(':')[0])).toEqual(['lost', 'back']);
  });
  it('comes whole also where the host was lost before there was a line', () => {
    const place = two();
    const { ear } = place.follow('C', 'web-a', { lineCount: 0 });
    place.pass(100);
    place.nodeOf('A').crash();
    place.pass(100);
    place.say('A', 'meanwhile');
    place.nodeOf('A').boot();
    place.pass(20_000);
    expect(ear.lines).toEqual(['meanwhile']);
  });
  it('that cannot be reached is said to be so, and comes when it can', () => {
    const place = two();
    place.nodeOf('A').crash();
    place.pass(60_000);
    const { ear, asked } = place.follow('C', 'web-a', { lineCount: 5 });
    place.pass(30_000);
    expect(ear.notes).toHaveLength(1);
    expect(ear.notes[0]).toMatch(/^unreachable: .*; trying again$/);
    place.nodeOf('A').boot();
    place.pass(20_000);
    expect(ear.lines).toEqual(['web said']);
    expect(ear.notes[1]).toBe('back: it is there again');
    expect(asked).toEqual({});
  });
  it('that was wanted once breaks where it cannot be reached', () => {
    const place = two();
    place.nodeOf('A').crash();
    place.pass(60_000);
    const { ear, asked } = place.follow('C', 'web-a', { isOnce: true });
    place.pass(10_000);
    expect(asked.error).toMatchObject({ code: 'unreachable' });
    expect(ear.notes).toHaveLength(1);
  });
});

describe('the log of a fleet', () => {
  it('is that of its members, each with its name, and one that is down keeps nobody from it', () => {
    const place = two();
    place.nodeOf('B').crash();
    place.pass(60_000);
    const { ear } = place.follow('C', 'fleet', { lineCount: 1 });
    place.pass(8_000);
    place.say('A', 'on');
    place.pass(100);
    expect(ear.tagged).toEqual(['A web-a: web said', 'A web-a: on']);
    expect(ear.notes[0]).toMatch(/^unreachable: /);
    place.nodeOf('B').boot();
    place.pass(20_000);
    expect(ear.tagged).toContain('B web-b: web said');
  });
  it('that is wanted once ends when all have told what they have', () => {
    const place = two();
    const { ear, asked } = place.follow('C', 'fleet', { isOnce: true });
    place.pass(1_000);
    expect([...ear.tagged].sort()).toEqual(['A web-a: web said', 'B web-b: web said']);
    expect('value' in asked).toBe(true);
  });
  it('leaves nothing behind at any host: when it has had enough, when its session ends', () => {
    const place = two();
    const { ear, asked } = place.follow('C', 'fleet', { lineCount: 0 });
    place.pass(1_000);
    expect([place.readingsOf('A'), place.readingsOf('B')]).toEqual([1, 1]);
    ear.stop();
    place.pass(1_000);
    expect('value' in asked).toBe(true);
    expect([place.readingsOf('A'), place.readingsOf('B')]).toEqual([0, 0]);
    place.follow('C', 'fleet', { lineCount: 0 });
    place.pass(1_000);
    expect([place.readingsOf('A'), place.readingsOf('B')]).toEqual([1, 1]);
    for (const session of place.operator.router.sessions()) session.abort('gone');
    place.pass(1_000);
    expect([place.readingsOf('A'), place.readingsOf('B')]).toEqual([0, 0]);
  });
  it('of fleets names the way to each service, and goes on at its own place for each', () => {
    const above: NodeConfig = { exported: { below: 'C' } };
    const place = up({ A: web, B: web, C: controller, D: above }, [
      ['A', 'web', 'C'],
      ['B', 'web', 'C'],
      ['C', 'fleet', 'D'],
    ]);
    const { ear } = place.follow('D', 'below', { lineCount: 0 });
    place.pass(1_000);
    place.say('A', 'a one');
    place.say('B', 'b one');
    place.pass(1_000);
    place.nodeOf('C').crash();
    place.say('A', 'a two');
    place.pass(1_000);
    place.nodeOf('C').boot();
    place.pass(30_000);
    expect([...ear.tagged].sort()).toEqual(['C web-a: a one', 'C web-a: a two', 'C web-b: b one']);
  });
  // Some of them end while there is no credit anywhere between the reader and the file.
  it.each([500, 600, 700, 2_000])('reaches a slow reader whole: %i lines', (lineCount) => {
    const place = up(
      {
        A: web,
        C: { exported: { 'web-a': 'A' } },
        D: { exported: { below: 'C' } },
      },
      [
        ['A', 'web', 'C'],
        ['C', 'web-a', 'D'],
      ],
    );
    const lines = Array.from({ length: lineCount }, (_, at) => `line ${at}`);
    place.say('A', ...lines);
    const { ear, asked } = place.follow('D', 'below', { isOnce: true, lineCount });
    ear.isPatient = false;
    place.pass(5_000);
    for (let round = 0; round < 100 && ear.answers.length > 0; round += 1) {
      expect(ear.lines.length < lineCount && 'value' in asked).toBe(false);
      for (const answer of ear.answers.splice(0)) answer();
      place.pass(100);
    }
    expect(ear.lines).toEqual(lines);
    expect('value' in asked).toBe(true);
  });
  it('that has itself for a member ends, and says why', () => {
    const place = up(
      {
        C: { exported: { 'd-fleet': 'D' }, fleets: [{ name: 'fleet-c', members: ['d-fleet'] }] },
        D: { exported: { 'c-fleet': 'C' }, fleets: [{ name: 'fleet-d', members: ['c-fleet'] }] },
      },
      [
        ['C', 'fleet-c', 'D'],
        ['D', 'fleet-d', 'C'],
      ],
    );
    const { asked } = place.follow('C', 'fleet-c', { lineCount: 0 });
    place.pass(2_000);
    expect(asked.error).toMatchObject({ message: expect.stringContaining('cycle') as string });
  });
  it('that is its own, by way of another machine or none, is asked for once and refused', () => {
    const place = up({ C: { exported: { x: 'D', self: 'C' } }, D: { exported: { y: 'C' } } }, [
      ['D', 'y', 'C'],
      ['C', 'x', 'D'],
      ['C', 'self', 'C'],
    ]);
    for (const name of ['x', 'self']) {
      const asked = place.operator.ask(place.nodeOf('C'), (turn, root) =>
        turn.send(root, 'log', name, 1),
      );
      place.pass(2_000);
      expect(asked.error).toMatchObject({ message: expect.stringContaining('cycle') as string });
    }
  });
  it('waits for a slow reader at every host, and loses nothing', () => {
    const place = two();
    const { ear } = place.follow('C', 'fleet', { lineCount: 0 });
    place.pass(1_000);
    ear.isPatient = false;
    const lines = Array.from({ length: 2_000 }, (_, at) => `line ${at}`);
    place.say('A', ...lines);
    place.pass(5_000);
    expect(ear.lines.length).toBeLessThan(1_000);
    for (let round = 0; round < 100 && ear.lines.length < 2_000; round += 1) {
      for (const answer of ear.answers.splice(0)) answer();
      place.pass(100);
    }
    expect(ear.lines).toEqual(lines);
  });
});
