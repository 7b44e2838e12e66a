/** Bringing a release through a grant, a minted reference and the local root: who may, and until when. */
import { catchAll, type Bcom, type CatchAll, type Turn } from '@bellwether/actors';
import type { GrantSpec } from '@bellwether/authority';
import type { Put } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { sturdyrefOf } from '../../../packages/herd/src/refs/ref-store.ts';
import { agentScript, makeScripted, release, sha256, slotConfig } from '../../support/agents.ts';
import { answered, type Held } from '../../support/fleet-grants.ts';
import { codeOf, up } from '../../support/granted-place.ts';

/** Notes whatever it is told. */
const makeCanary = (
  _turn: Turn,
  _bcom: Bcom<unknown>,
  told: (method: string | undefined) => void,
): CatchAll => ({ [catchAll]: (turn, method) => turn.effect(() => told(method)) });
const place = () => {
  const waiting: (() => void)[] = [];
  const script = agentScript();
  const at = up({ services: [] });
  at.node.machine.ask((turn, shepherd) =>
    turn.call(shepherd, 'define', slotConfig(), turn.spawn(makeScripted, script)),
  );
  at.pass(100);
  const slowly = (): void => {
    script.put = (turn) =>
      turn.ask<Put>((answer) => void waiting.push(() => answer.kept({ have: 1 })));
  };
  const held = (spec: Partial<GrantSpec>) => at.held({ service: 'web', ...spec });
  return { ...at, script, waiting, slowly, held };
};
const offering = (ref: Held, digit = 'a') =>
  ref.told((turn, web) => turn.send(web, 'offer', { release: release(digit), manifestBytes: 9 }));
const putting = (ref: Held, offset = 0) =>
  ref.ask((turn, web) => turn.send(web, 'put', sha256('b'), offset, Uint8Array.of(1, 2)));
const put = (ref: Held, at: ReturnType<typeof place>) => answered(at.site, putting(ref));

describe('a release', () => {
  it.each([[['stage']], [['deploy']], [['stage', 'confirm']]])(
    'may be brought by who may %s',
    (actions) => {
      const at = place();
      const { ref, id } = at.held({ actions });
      expect(offering(ref)).toEqual({ missing: [], missingCount: 0, missingBytes: 0 });
      expect(put(ref, at)).toEqual({ have: 2 });
      expect(at.script.offers).toMatchObject([{ asker: { principal: id, origin: id } }]);
      expect(at.script.pieces).toMatchObject([{ asker: { principal: id, origin: id } }]);
    },
  );
  it('may be brought by nobody else, and that somebody tried is in the audit', () => {
    const at = place();
    const { ref, id } = at.held({ actions: ['confirm', 'status', 'restart'] });
    expect(codeOf(() => offering(ref))).toBe('denied');
    expect(codeOf(() => put(ref, at))).toBe('denied');
    expect([at.script.offers, at.script.pieces]).toEqual([[], []]);
    at.pass(500);
    const lines = at.node.machine.disk.auditLines().join('\n');
    expect(lines).toMatch(new RegExp(`"denied".*"${id}".*"offer"|"offer".*"denied"`));
  });
  it('is the one that the arguments of a grant allow, whatever may follow it', () => {
    const at = place();
    const narrow = { stage: [release('a'), '**'], deploy: [release('c')] };
    const { ref } = at.held({ actions: ['stage', 'deploy'], arguments: narrow });
    offering(ref, 'a');
    offering(ref, 'c');
    expect(codeOf(() => offering(ref, 'd'))).toBe('denied');
    expect(put(ref, at)).toEqual({ have: 2 });
  });
  it('is refused in its shape before anybody is asked', () => {
    const at = place();
    const { ref } = at.held({ actions: ['stage'] });
    expect(codeOf(() => ref.said('offer', null))).toBe('bad-request');
    expect(codeOf(() => ref.said('offer', { release: 'x', manifestBytes: 1 }))).toBe('bad-request');
    expect(codeOf(() => ref.said('put', sha256('b'), 0, 'text'))).toBe('bad-request');
    expect(codeOf(() => ref.said('put', sha256('b'), 0, new Uint8Array(65_537)))).toBe(
      'bad-request',
    );
    expect(at.script.offers).toEqual([]);
  });
  it('is data: what else stands in the place of any of it is refused, or left behind', () => {
    const at = place();
    const { ref } = at.held({ actions: ['stage'] });
    const whole = {
      release: release('a'),
      manifestBytes: 9,
      signatures: Uint8Array.of(1),
      after: sha256('b'),
    };
    const heard: string[] = [];
    const codes = [...Object.keys(whole), 'extra', 0, 1, 2].map((position) =>
      codeOf(() =>
        ref.told((turn, web) => {
          const canary = turn.spawn(makeCanary, (method: string | undefined) =>
            heard.push(String(method)),
          );
          if (typeof position === 'string')
            return turn.forward(web, 'offer', [{ ...whole, [position]: canary }, canary]);
          const args: unknown[] = [sha256('b'), 0, Uint8Array.of(1)];
          args[position] = canary;
          return turn.forward(web, 'put', args);
        }),
      ),
    );
    expect(codes).toEqual([
      ...Array(4).fill('bad-request'),
      'nothing was refused',
      ...Array(3).fill('bad-request'),
    ]);
    expect(at.script.offers).toMatchObject([{ offer: whole }]);
    expect(Object.keys(at.script.offers[0]?.offer as object)).toEqual(Object.keys(whole));
    expect(heard).toEqual([]);
  });
  it('is brought by who holds the grant, whoever he says that he is', () => {
    const at = place();
    const { ref, id } = at.held({ actions: ['stage'] });
    const asker = { principal: 'root' };
    ref.said('offer', { release: release('a'), manifestBytes: 9 }, asker);
    ref.said('put', sha256('b'), 0, Uint8Array.of(1), asker);
    const asked = [...at.script.offers, ...at.script.pieces];
    expect(asked).toMatchObject([{ asker: { principal: id } }, { asker: { principal: id } }]);
  });
  it('comes no further once the grant is revoked: what is under way breaks, and the next piece', () => {
    const at = place();
    at.slowly();
    const { ref, id } = at.held({ actions: ['deploy'] });
    offering(ref);
    const first = putting(ref);
    at.pass(50);
    expect(at.script.pieces).toHaveLength(1);
    at.revoke(id);
    at.pass(50);
    expect(first.error).toMatchObject({ code: 'revoked' });
    expect(codeOf(() => put(ref, at))).toBe('revoked');
    expect(codeOf(() => offering(ref))).toBe('revoked');
    expect(at.script.pieces).toHaveLength(1);
    at.waiting[0]?.();
    at.pass(50);
    expect(first.value).toBeUndefined();
  });
  it('breaks with the grant that this one was narrowed from', () => {
    const at = place();
    at.slowly();
    const { ref, id } = at.held({ actions: ['deploy', 'status'] });
    const child = at.bot.accept(ref.grant({ actions: ['deploy'] }).invite);
    const under = putting(child);
    at.pass(50);
    at.revoke(id);
    at.pass(50);
    expect(under.error).toMatchObject({ code: 'revoked' });
  });
  it('may be brought through a minted reference until that is revoked', () => {
    const at = place();
    at.slowly();
    const uri = answered(
      at.site,
      at.owner.ask(at.node, (turn, root) => turn.send(root, 'mint', 'web')),
    );
    const ref = at.alice.hold(uri);
    offering(ref);
    const first = putting(ref);
    at.pass(50);
    expect(at.script.pieces).toHaveLength(1);
    expect(sturdyrefOf(uri, 'ref').peer.designator).toBe('A');
    const minted = answered(
      at.site,
      at.owner.ask(at.node, (turn, root) => turn.send(root, 'grants')),
    ).grants.find(({ isMinted }) => isMinted === true);
    at.revoke(minted?.id ?? '');
    at.pass(50);
    expect(first.error).toMatchObject({ code: 'revoked' });
    expect(codeOf(() => put(ref, at))).toBe('revoked');
  });
  it('may be brought through the local root, to what is a slot', () => {
    const at = place();
    const offered = at.owner.ask(at.node, (turn, root) =>
      turn.send(root, 'offer', 'www', { release: release('a'), manifestBytes: 9 }),
    );
    expect(answered(at.site, offered)).toMatchObject({ missingCount: 0 });
    const brought = at.owner.ask(at.node, (turn, root) =>
      turn.send(root, 'put', 'web', sha256('b'), 3, Uint8Array.of(1)),
    );
    expect(answered(at.site, brought)).toEqual({ have: 4 });
    expect(at.script.pieces).toMatchObject([{ asker: { principal: 'root' } }]);
    const wrong = at.owner.ask(at.node, (turn, root) =>
      turn.send(root, 'put', 'nobody', sha256('b'), 0, Uint8Array.of(1)),
    );
    expect(() => answered(at.site, wrong)).toThrow(/could not be found/);
  });
});

describe('the looks of who brings a release', () => {
  it('are told to the audit for each offer, and for no piece', () => {
    const at = place();
    const { ref } = at.held({ actions: ['stage'] });
    offering(ref);
    for (let each = 0; each < 100; each += 1) put(ref, at);
    at.pass(61_000);
    const lines = at.node.machine.disk.auditLines();
    expect(lines.filter((line) => line.includes('"offer"'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('"put"'))).toEqual([]);
    expect(lines.join('\n')).not.toContain('not-recorded');
  });
});
