/** A release on its way through a controller to a slot of another machine. */
import { ActorError, World } from '@bellwether/actors';
import { FLEET_LIMITS as LIMITS } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { GrantSpec } from '@bellwether/authority';
import type { Put } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { agentScript, makeScripted, release, sha256, slotConfig } from '../../support/agents.ts';
import { answered, grantAt, Holder } from '../../support/fleet-grants.ts';
import { FleetNode, introduce, Operator } from '../../support/fleet-node.ts';
import { codeOf } from '../../support/granted-place.ts';
import type { Asked } from '../../support/shepherd-machine.ts';

const place = () => {
  const world = new World(7);
  const site = { world, network: new MemoryNetwork(world) };
  const script = agentScript();
  const a = new FleetNode(site, 'A', { services: [] });
  const c = new FleetNode(site, 'C', { exported: { web: 'A' } });
  const owner = new Operator(site);
  for (const node of [a, c]) node.boot();
  const pass = (ms: number): void => void world.run(world.now + ms);
  pass(1_000);
  a.machine.ask((turn, shepherd) =>
    turn.call(shepherd, 'define', slotConfig(), turn.spawn(makeScripted, script)),
  );
  pass(100);
  introduce(site, owner, a, 'web', c);
  pass(1_000);
  const put = (offset = 0): Asked<Put> =>
    owner.ask(c, (turn, root) =>
      turn.send(root, 'put', 'web', sha256('b'), offset, Uint8Array.of(1, 2)),
    );
  const told = <T>(asked: Asked<T>): T => answered(site, asked);
  return { ...site, site, script, a, c, owner, pass, put, told };
};

describe('a release through a controller', () => {
  it('comes to the slot as it was sent, and the answer back as it was given', () => {
    const { script, c, owner, told, put } = place();
    script.put = (turn, piece) => turn.kept({ have: piece.offset + 2, more: 1 } as Put);
    const offer = { release: release('a'), manifestBytes: 9, signatures: Uint8Array.of(1) };
    expect(told(owner.ask(c, (turn, root) => turn.send(root, 'offer', 'web', offer)))).toEqual({
      missing: [],
      missingCount: 0,
      missingBytes: 0,
    });
    expect(told(put(3))).toEqual({ have: 5 });
    expect(script.offers).toMatchObject([{ offer }]);
    expect(script.pieces).toMatchObject([
      { piece: { sha256: sha256('b'), offset: 3, bytes: Uint8Array.of(1, 2) } },
    ]);
  });
  it('is refused in the words of the slot, and an answer that is none is not passed on', () => {
    const { script, told, put } = place();
    script.put = (turn) => turn.kept({ have: -1 });
    expect(codeOf(() => told(put()))).toBe('malformed');
    script.put = (turn) => turn.broken(new ActorError('no-room', 'the disk is full'));
    expect(() => told(put())).toThrow(/the disk is full/);
    expect(codeOf(() => told(put()))).toBe('no-room');
  });
  it('breaks where the machine is lost, or says nothing for too long', () => {
    const { script, a, pass, put } = place();
    script.put = (turn) => turn.ask(() => undefined);
    const late = put();
    pass(LIMITS.bringMs - 1_000);
    expect(late).toEqual({});
    pass(2_000);
    expect(late.error).toMatchObject({ code: 'timed-out' });
    const lost = put();
    pass(100);
    a.crash();
    pass(5_000);
    expect(lost.error).toBeDefined();
    expect(script.pieces).toHaveLength(2);
  });
  it('may be brought by who was granted that at the controller, until that is revoked', () => {
    const { site, c, owner, script, pass } = place();
    const spec: GrantSpec = { service: 'web', actions: ['deploy'] };
    const { facts, invite } = grantAt(site, owner, c, spec);
    const ref = new Holder(site, 'alice').accept(invite);
    const put = () =>
      ref.ask((turn, web) => turn.send(web, 'put', sha256('b'), 0, Uint8Array.of(1)));
    expect(answered(site, put())).toEqual({ have: 1 });
    script.put = (turn) => turn.ask(() => undefined);
    const under = put();
    pass(100);
    answered(
      site,
      owner.ask(c, (turn, root) => turn.send(root, 'revokeGrant', facts.id)),
    );
    pass(50);
    expect(under.error).toMatchObject({ code: 'revoked' });
    expect(codeOf(() => answered(site, put()))).toBe('revoked');
    expect(script.pieces).toHaveLength(2);
  });
});
