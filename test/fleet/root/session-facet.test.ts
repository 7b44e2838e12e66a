/** What an agent is told of the session that it is asked through, by whomever, and what that costs. */
import type { Outcome } from '@bellwether/shepherd';
import type { Sturdyref } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { sturdyrefOf } from '../../../packages/herd/src/refs/ref-store.ts';
import { agentScript, makeScripted, slotConfig, type AgentScript } from '../../support/agents.ts';
import { answered } from '../../support/fleet-grants.ts';
import { Operator } from '../../support/fleet-node.ts';
import { up } from '../../support/granted-place.ts';
import { program, requestOf, service } from '../../support/shepherd-machine.ts';
import type { Commanded } from '../../../packages/fleet/src/root/session-facet.ts';

const place = () => {
  const script = agentScript();
  const at = up({ services: [service({ provision: ['plain'] })] });
  at.node.machine.ask((turn, shepherd) =>
    turn.call(shepherd, 'define', slotConfig(), turn.spawn(makeScripted, script)),
  );
  at.pass(100);
  return { ...at, script };
};
type Place = ReturnType<typeof place>;

/** What leads to the service, and who asks there: a grant, a minted reference, or the local root. */
const ways: Readonly<Record<string, (at: Place) => Sturdyref>> = {
  'a grant': (at) => at.held({ service: 'web', actions: ['confirm', 'status'] }).ref.ref,
  'a minted reference': (at) =>
    sturdyrefOf(
      answered(
        at.site,
        at.owner.ask(at.node, (turn, root) => turn.send(root, 'mint', 'web')),
      ),
      'ref',
    ),
  'the local root': (at) => at.node.admin as Sturdyref,
};
let count = 0;
/** Confirms through a reference, as `by`; what the agent was told of the session. */
const confirm = (
  at: Place,
  by: Operator,
  ref: Sturdyref,
  ...more: readonly unknown[]
): number | undefined => {
  count += 1;
  const operation = `op-${count}`;
  const asked = by.askAt<{ perform(): Outcome }, unknown>(ref, (turn, found) =>
    turn.forward(found, 'perform', [
      requestOf({ action: 'confirm', member: 'web', operation }),
      by.printer(turn),
      ...more,
    ]),
  );
  expect(answered(at.site, asked)).toMatchObject({ result: 'changed' });
  return lastIn(at.script).asker.sinceMs;
};
const lastIn = ({ asked }: AgentScript) => {
  const last = asked.at(-1);
  if (last === undefined) throw new Error('nothing was asked');
  return last;
};
const nowAt = (at: Place): number => at.node.machine.time.clock().now();

describe.each(Object.entries(ways))('an agent that is asked through %s', (_name, wayTo) => {
  it('is told when the session began, however often and late it is asked or fetched anew', () => {
    const at = place();
    const ref = wayTo(at);
    const by = new Operator(at.site, 'by');
    const beforeMs = nowAt(at);
    const first = confirm(at, by, ref);
    const activatedMs = nowAt(at);
    expect(first).toBeGreaterThanOrEqual(beforeMs);
    expect(first).toBeLessThan(activatedMs);
    at.pass(60_000);
    expect(confirm(at, by, ref)).toBe(first);
    for (const session of by.router.sessions()) session.abort('another one');
    at.pass(100);
    expect(confirm(at, by, ref)).toBeGreaterThan(activatedMs);
  });
  it.each([
    ['a number', 1e15],
    ['what looks like a mark', { sinceMs: 1e15 }],
  ])('believes no peer that sends %s along', (_what, lie) => {
    const at = place();
    const ref = wayTo(at);
    const by = new Operator(at.site, 'by');
    const first = confirm(at, by, ref);
    at.pass(5_000);
    expect(confirm(at, by, ref, lie)).toBe(first);
  });
  it('is told of each of two sessions, also when they take turns', () => {
    const at = place();
    const ref = wayTo(at);
    const [one, other] = [new Operator(at.site, 'one'), new Operator(at.site, 'other')];
    const first = confirm(at, one, ref);
    at.pass(1_000);
    const second = confirm(at, other, ref);
    expect(second).toBeGreaterThan(first ?? Infinity);
    expect(confirm(at, one, ref)).toBe(first);
    expect(confirm(at, other, ref)).toBe(second);
  });
});

const signal = { kind: 'signal', documentation: '', signal: 'SIGHUP' } as const;
describe('a facet that was fetched before its service had an agent', () => {
  it('says nothing of its session, and what a peer puts there is left behind', () => {
    const script = agentScript();
    const at = {
      ...up({ services: [program({ provision: ['web'], actions: { confirm: signal } })] }),
      script,
    };
    const { ref } = at.held({ actions: ['status', 'confirm'], service: 'web' });
    const by = new Operator(at.site, 'by');
    const early = by.router.enliven<Commanded>(ref.ref);
    expect(
      answered(
        at.site,
        by.askAt(ref.ref, (turn) => turn.when(early, () => 1)),
      ),
    ).toBe(1);
    const swapped = at.node.machine.ask((turn, shepherd) => {
      const agents = new Map([['web', turn.spawn(makeScripted, script)]]);
      const swap = { removed: ['web'], own: [slotConfig()], agents, elsewhere: [], aggregates: [] };
      return turn.send(shepherd, 'swap', swap, by.printer(turn));
    });
    at.pass(2_000);
    expect(swapped.error).toBeUndefined();
    expect(script.attached).toEqual(['web']);
    for (const [nth, lie] of [1e15, { sinceMs: 1e15 }, undefined].entries()) {
      const request = requestOf({
        action: 'confirm',
        member: 'web',
        operation: `lie-${nth}`,
      });
      const asked = by.askAt<unknown, unknown>(ref.ref, (turn) =>
        turn.forward(early, 'perform', [{ ...request, sinceMs: 1e15 }, by.printer(turn), lie, lie]),
      );
      expect(answered(at.site, asked)).toMatchObject({ result: 'changed' });
      expect(lastIn(script).asker).not.toHaveProperty('sinceMs');
    }
    expect(confirm(at, by, ref.ref)).toBeGreaterThan(0);
  });
});

describe('a facet for one session', () => {
  const fetchedIn = (at: Place, by: Operator, ref: Sturdyref): number => {
    for (let round = 0; round < 200; round += 1) {
      const asked = by.askAt<object, unknown>(ref, (turn, found) =>
        turn.when(found, () => undefined),
      );
      answered(at.site, asked);
    }
    const sessions = at.node.router?.sessions() ?? [];
    return Math.max(...sessions.map(({ tables }) => tables.exports));
  };
  it('is one for all fetches of that session', () => {
    const at = place();
    const ref = (ways['a minted reference'] as (at: Place) => Sturdyref)(at);
    expect(fetchedIn(at, new Operator(at.site, 'by'), ref)).toBeLessThan(5);
  });
  it('passes on all other questions, and what is counted for a holder is counted behind it', () => {
    const at = place();
    const { ref, id } = at.held({ service: 'web', actions: ['status', 'confirm'] });
    expect(ref.told((turn, web) => turn.send(web, 'status'))).toMatchObject({ kind: 'local' });
    expect(ref.told((turn, web) => turn.send(web, 'allows'))).toMatchObject({ grant: { id } });
    at.revoke(id);
    expect(() => ref.told((turn, web) => turn.send(web, 'status'))).toThrow(/was revoked/);
    expect(() => confirm(at, ref.operator, ref.ref)).toThrow(/was revoked|no such/);
  });
});
