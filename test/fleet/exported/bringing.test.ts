/** A release that a controller brings to a slot of another machine, which does as the test says. */
import { ActorError, World } from '@bellwether/actors';
import { carrierLimits } from '@bellwether/deploy';
import { FLEET_LIMITS as LIMITS } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { GrantSpec } from '@bellwether/authority';
import type { Missing, Outcome, Put } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { agentScript, makeScripted, slotConfig } from '../../support/agents.ts';
import { bringTo } from '../../support/carrying.ts';
import { answered, grantAt, Holder } from '../../support/fleet-grants.ts';
import { FleetNode, introduce, Operator } from '../../support/fleet-node.ts';
import { codeOf } from '../../support/granted-place.ts';
import type { Asked } from '../../support/shepherd-machine.ts';
import { release } from '../../support/slot-machine.ts';

const one = release('1');
const [[fileOf = '', file = new Uint8Array()] = []] = [...one.contents];
const isMissing = (...missing: readonly Missing[]) => ({
  missing,
  missingCount: missing.length,
  missingBytes: missing.reduce((sum, { size, have }) => sum + Math.max(0, size - have), 0),
});
const whole = isMissing({ sha256: fileOf, size: file.length, have: 0 });

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
  bringTo(site, owner, c, 'web', one);
  // Until there is a piece of it, the file is missing.
  script.offer = (turn) => turn.kept(script.pieces.length === 0 ? whole : isMissing());
  const deploy = (remainingMs = 600_000, args: readonly string[] = [one.digest]): Asked<Outcome> =>
    owner.herd(c, 'deploy', 'web', { operation: 'op-1', args, remainingMs });
  return { ...site, site, script, a, c, owner, pass, deploy };
};
const reasonOf = ({ value }: Asked<Outcome>): string => `${value?.result}: ${value?.reason}`;

describe('a release that is brought before a command', () => {
  it('comes as it was offered, and the command behind it with what is left of its time', () => {
    const { script, deploy, pass } = place();
    script.put = (turn, { offset, bytes }) =>
      turn.ask((answer) => answer.kept({ have: offset + bytes.length }));
    const asked = deploy();
    pass(2_000);
    expect(asked.value?.result).toBe('changed');
    const offer = { release: one.digest, manifestBytes: one.manifestBytes.length };
    expect(script.offers).toMatchObject([{ offer }, { offer }]);
    expect(script.pieces).toMatchObject([{ piece: { sha256: fileOf, offset: 0, bytes: file } }]);
    expect(script.asked).toMatchObject([{ action: 'deploy', args: [one.digest] }]);
  });
  it('goes on where the slot has some of it', () => {
    const { script, deploy, pass } = place();
    const some = isMissing({ sha256: fileOf, size: file.length, have: 3 });
    script.offer = (turn) => turn.kept(script.pieces.length === 0 ? some : isMissing());
    deploy();
    pass(2_000);
    expect(script.pieces).toMatchObject([{ piece: { offset: 3, bytes: file.slice(3) } }]);
  });
  it.each([
    { what: 'of another size', sha256: fileOf, size: file.length + 1, have: 0 },
    { what: 'that has more than all', sha256: fileOf, size: file.length, have: file.length + 1 },
    { what: 'of another release', sha256: 'b'.repeat(64), size: 3, have: 0 },
  ])('is no way to ask for a content $what', ({ sha256, size, have }) => {
    const { script, deploy, pass } = place();
    script.offer = (turn) => turn.kept(isMissing({ sha256, size, have }));
    const asked = deploy();
    pass(2_000);
    expect(reasonOf(asked)).toContain('failed: the release could not be brought to a-ref at A');
    expect(reasonOf(asked)).toContain('none of the release');
    expect(script.pieces).toEqual([]);
    expect(script.asked).toEqual([]);
  });
  it('is refused in the words of the slot, which is asked for nothing then', () => {
    const { script, deploy, pass } = place();
    script.put = (turn) => turn.broken(new ActorError('no-room', 'the disk is full'));
    const asked = deploy();
    pass(2_000);
    expect(reasonOf(asked)).toContain('A refused to deploy: the disk is full');
    expect(script.asked).toEqual([]);
  });
  it('fails where an answer is none', () => {
    const { script, deploy, pass } = place();
    script.put = (turn) => turn.kept({ have: -1 } as Put);
    const asked = deploy();
    pass(2_000);
    expect(reasonOf(asked)).toContain('failed: the release could not be brought');
  });
  it('is given up where it is missing again and again', () => {
    const { script, deploy, pass } = place();
    script.offer = (turn) => turn.kept(whole);
    const asked = deploy();
    pass(5_000);
    expect(reasonOf(asked)).toContain('missing there again and again');
    expect(script.pieces).toHaveLength(carrierLimits.roundCount);
  });
  it('is asked about anew where the slot has forgotten that it was offered', () => {
    const { script, deploy, pass } = place();
    let isForgotten = true;
    script.offer = (turn) => turn.kept(script.pieces.length < 2 ? whole : isMissing());
    script.put = (turn, { offset, bytes }) => {
      if (!isForgotten) return turn.kept({ have: offset + bytes.length });
      isForgotten = false;
      return turn.broken(new ActorError('not-offered', 'who are you'));
    };
    const asked = deploy();
    pass(5_000);
    expect(asked.value?.result).toBe('changed');
  });
  it('ends with the deadline, and says that nothing was asked', () => {
    const { script, deploy, pass } = place();
    script.put = (turn) => turn.ask(() => undefined);
    const asked = deploy(10_000);
    pass(12_000);
    expect(reasonOf(asked)).toContain('timed-out: not all of the release was at a-ref at A');
    expect(script.asked).toEqual([]);
  });
  it('waits for a machine that is away in the middle, and not for ever', () => {
    const { script, a, deploy, pass } = place();
    script.put = (turn) => turn.ask(() => undefined);
    const asked = deploy();
    pass(1_000);
    a.losePower();
    pass(carrierLimits.awayMs);
    expect(asked).toEqual({});
    pass(2 * LIMITS.bringMs);
    expect(reasonOf(asked)).toContain('unreachable: ');
    expect(reasonOf(asked)).toContain('Nothing was sent');
  });
  it('is nothing to bring where it is about another release', () => {
    const { script, deploy, pass } = place();
    const other = deploy(600_000, [release('2').digest]);
    pass(2_000);
    expect(other.value?.result).toBe('changed');
    expect(script.offers).toEqual([]);
  });
  it('is brought no further by the next life of the controller, which asks how the command ended', () => {
    const { script, owner, c, deploy, pass } = place();
    script.put = (turn) => turn.ask(() => undefined);
    deploy();
    pass(1_000);
    expect(script.pieces).toHaveLength(1);
    c.crash();
    pass(100);
    c.boot();
    pass(10_000);
    expect(script.offers).toHaveLength(1);
    const report = owner.ask(c, (turn, root) => turn.send(root, 'operation', 'op-1'));
    pass(500);
    expect(report.value?.steps).toMatchObject([
      { row: { result: 'skipped', reason: expect.stringContaining('deploy never came to') } },
    ]);
  });
  it('may be brought to the controller by who was granted that, until that is revoked', () => {
    const { site, c, owner, script, pass } = place();
    const spec: GrantSpec = { service: 'web', actions: ['deploy'] };
    const { facts, invite } = grantAt(site, owner, c, spec);
    const ref = new Holder(site, 'alice').accept(invite);
    const offer = { release: one.digest, manifestBytes: one.manifestBytes.length };
    const offered = ref.ask((turn, web) => turn.send(web, 'offer', offer));
    expect(answered(site, offered)).toMatchObject({ missingCount: 0 });
    script.put = (turn) => turn.ask(() => undefined);
    const printer = owner.printer.bind(owner);
    const under = ref.ask((turn, web) =>
      turn.send(
        web,
        'perform',
        {
          operation: 'op-7',
          member: 'web',
          action: 'deploy',
          args: [one.digest],
          remainingMs: 60_000,
          hops: [],
        },
        printer(turn),
      ),
    );
    pass(300);
    expect(script.pieces).toHaveLength(1);
    answered(
      site,
      owner.ask(c, (turn, root) => turn.send(root, 'revokeGrant', facts.id)),
    );
    pass(100);
    expect(under.error).toMatchObject({ code: 'revoked' });
    const again = ref.ask((turn, web) => turn.send(web, 'offer', offer));
    expect(codeOf(() => answered(site, again))).toBe('revoked');
    pass(60_000);
    expect(script.pieces).toHaveLength(1);
    expect(script.asked).toEqual([]);
  });
});
