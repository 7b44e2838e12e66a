/** Who has deployed may confirm that, whatever else a grant allows; and nobody else by a grant without that word. */
import type { GrantSpec } from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { agentScript, makeScripted, slotConfig } from '../../support/agents.ts';
import { asking, codeOf, doing, up } from '../../support/granted-place.ts';
import { answered } from '../../support/fleet-grants.ts';

const place = () => {
  const script = agentScript();
  const at = up({ services: [] });
  at.node.machine.ask((turn, shepherd) =>
    turn.call(shepherd, 'define', slotConfig(), turn.spawn(makeScripted, script)),
  );
  at.pass(100);
  const held = (spec: Partial<GrantSpec> = {}) => at.held({ service: 'web', ...spec });
  // As a slot does: the last deploy is whose it was.
  script.owns = (action, principal) =>
    action === 'confirm' &&
    script.asked.findLast((each) => each.action === 'deploy')?.asker.principal === principal;
  return { ...at, held, script };
};

describe('a grant that allows a deploy, and no confirmation', () => {
  it('confirms what was deployed through it, and that is no use of it', () => {
    const at = place();
    const { ref } = at.held({ actions: ['deploy'], maxUses: 2 });
    expect(codeOf(() => doing(ref, at, 'confirm', 'op-0'))).toBe('denied');
    doing(ref, at, 'deploy', 'op-1');
    expect(doing(ref, at, 'confirm', 'op-2')).toMatchObject({ result: 'changed' });
    delete at.script.owns;
    expect(doing(ref, at, 'confirm', 'op-2')).toMatchObject({ result: 'changed' });
    expect(codeOf(() => doing(ref, at, 'confirm', 'op-4'))).toBe('denied');
    expect(at.script.asked.map(({ action }) => action)).toEqual(['deploy', 'confirm']);
    doing(ref, at, 'deploy', 'op-3');
    expect(codeOf(() => doing(ref, at, 'deploy', 'op-5'))).toBe('used-up');
  });
  it('confirms nothing that somebody else has deployed, be it through a grant made out of it', () => {
    const at = place();
    const one = at.held({ actions: ['deploy'] }).ref;
    const child = at.bot.accept(one.grant({ actions: ['deploy'] }).invite);
    const other = at.held({ actions: ['deploy'] }).ref;
    doing(child, at, 'deploy', 'op-1');
    expect(codeOf(() => doing(other, at, 'confirm', 'op-2'))).toBe('denied');
    expect(codeOf(() => doing(one, at, 'confirm', 'op-2'))).toBe('denied');
    expect(doing(child, at, 'confirm', 'op-2')).toMatchObject({ result: 'changed' });
  });
  it('confirms nothing once it is revoked, and what is under way is told so', () => {
    const at = place();
    const { ref, id } = at.held({ actions: ['deploy'] });
    doing(ref, at, 'deploy', 'op-1');
    at.script.perform = (turn) => turn.ask(() => undefined);
    const asked = asking(ref, at, 'confirm', 'op-2');
    at.pass(100);
    at.revoke(id);
    at.pass(100);
    expect(asked.error).toMatchObject({ code: 'revoked' });
    expect(() => answered(at.site, asking(ref, at, 'confirm', 'op-3'))).toThrow(/revoked/);
  });
  it('that ends in the middle of a deploy says what becomes of what it has begun', () => {
    const at = place();
    const { ref } = at.held({ actions: ['deploy', 'stage'], lifetimeMs: 3_000 });
    at.script.perform = (turn) => turn.ask(() => undefined);
    const asked = ['deploy', 'stage'].map((action) => asking(ref, at, action, `op-${action}`));
    at.pass(4_000);
    const taken = 'a release that waits to be confirmed is taken back unless others confirm it';
    expect(asked.map(({ error }) => error)).toMatchObject([
      { code: 'expired', message: expect.stringMatching(`what had begun goes on, and ${taken}$`) },
      { code: 'expired', message: expect.stringMatching('what had begun goes on$') },
    ]);
  });
  it('or a minted reference that is revoked there says the same of it', () => {
    const at = place();
    const uri = answered(
      at.site,
      at.owner.ask(at.node, (turn, root) => turn.send(root, 'mint', 'web')),
    );
    const ref = at.alice.hold(uri);
    at.script.perform = (turn) => turn.ask(() => undefined);
    const asked = ['deploy', 'stage'].map((action) => asking(ref, at, action, `op-${action}`));
    at.pass(100);
    const { grants } = answered(
      at.site,
      at.owner.ask(at.node, (turn, root) => turn.send(root, 'grants')),
    );
    at.revoke(grants.find(({ isMinted }) => isMinted === true)?.id ?? '');
    at.pass(100);
    const taken = 'a release that waits to be confirmed is taken back unless others confirm it';
    expect(asked.map(({ error }) => error)).toMatchObject([
      { code: 'revoked', message: expect.stringMatching(`what had begun goes on, and ${taken}$`) },
      { code: 'revoked', message: expect.stringMatching('what had begun goes on$') },
    ]);
  });
  it('allows nothing else by that', () => {
    const at = place();
    const { ref } = at.held({ actions: ['deploy'] });
    doing(ref, at, 'deploy', 'op-1');
    for (const action of ['stage', 'stop', 'restart'])
      expect(codeOf(() => doing(ref, at, action, `op-${action}`))).toBe('denied');
  });
});

describe('a grant that allows to confirm', () => {
  it('confirms whatever was deployed, as a use', () => {
    const at = place();
    const deployer = at.held({ actions: ['deploy'] }).ref;
    const { ref } = at.held({ actions: ['confirm'], maxUses: 1 });
    doing(deployer, at, 'deploy', 'op-1');
    expect(doing(ref, at, 'confirm', 'op-2')).toMatchObject({ result: 'changed' });
    expect(codeOf(() => doing(ref, at, 'confirm', 'op-3'))).toBe('used-up');
  });
});
