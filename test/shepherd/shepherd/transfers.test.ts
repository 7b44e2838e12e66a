/** What a shepherd takes of releases that are brought: shapes and sizes at their limits, and so many at once. */
import { World } from '@bellwether/actors';
import {
  checkedOffer,
  checkedPiece,
  limits,
  localRoot,
  principalOf,
  readOffered,
  readPut,
  type Asker,
  type Offer,
  type Piece,
  type Put,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { agentScript, makeScripted, release, sha256, slotConfig } from '../../support/agents.ts';
import { makeGroup } from '../../support/shepherd-graph.ts';
import { Machine, program, type Asked } from '../../support/shepherd-machine.ts';

const offer = (more: object = {}): Offer => ({ release: release('a'), manifestBytes: 9, ...more });
const piece = (more: object = {}): Piece => ({
  sha256: sha256('b'),
  offset: 0,
  bytes: Uint8Array.of(1),
  ...more,
});

describe('an offer', () => {
  it('is taken at its limits, without what is none of it', () => {
    const most = offer({
      manifestBytes: limits.manifestBytes,
      signatures: new Uint8Array(limits.signaturesBytes),
      after: sha256('c'),
    });
    expect(checkedOffer({ ...most, more: 1 } as Offer)).toEqual(most);
    expect(checkedOffer(offer())).toEqual(offer());
  });
  it.each([
    ['nothing', null],
    ['no digest', offer({ release: 'rel:sha256-ab' })],
    ['a digest with more behind it', offer({ release: `${release('a')}/../x` })],
    ['a digest in capitals', offer({ release: release('A') })],
    ['a list in place of one', offer({ release: [release('a')] })],
    ['a manifest one byte too long', offer({ manifestBytes: limits.manifestBytes + 1 })],
    ['half a byte', offer({ manifestBytes: 0.5 })],
    ['less than nothing', offer({ manifestBytes: -1 })],
    [
      'signatures one byte too long',
      offer({ signatures: new Uint8Array(limits.signaturesBytes + 1) }),
    ],
    ['signatures as text', offer({ signatures: '[]' })],
    ['a page behind what is no SHA-256', offer({ after: 'b' })],
  ])('is refused for %s', (_what, wrong) => {
    expect(() => checkedOffer(wrong as Offer)).toThrow(/^offer/);
  });
});

describe('a piece', () => {
  it('is taken at its limits', () => {
    const most = piece({
      offset: Number.MAX_SAFE_INTEGER,
      bytes: new Uint8Array(limits.pieceOfReleaseBytes),
    });
    expect(checkedPiece(most)).toEqual(most);
  });
  it.each([
    ['no SHA-256', piece({ sha256: 'x' })],
    ['a path', piece({ sha256: `../${sha256('b')}` })],
    ['no place', piece({ offset: undefined })],
    ['a place that no number counts', piece({ offset: 2 ** 53 })],
    ['no bytes', piece({ bytes: [1] })],
    ['one byte too many', piece({ bytes: new Uint8Array(limits.pieceOfReleaseBytes + 1) })],
  ])('is refused for %s', (_what, wrong) => {
    expect(() => checkedPiece(wrong)).toThrow(/put/);
  });
});

describe('what a slot elsewhere answers', () => {
  const missing = (count: number) => ({
    missing: Array.from({ length: count }, () => ({ sha256: sha256('a'), size: 1, have: 0 })),
    missingCount: count,
    missingBytes: count,
  });
  it('is read up to a page, and no further', () => {
    const page = missing(limits.missingCount);
    expect(readOffered({ ...page, isMore: true, more: 1 }, 'offer')).toEqual({
      ...page,
      isMore: true,
    });
    expect(() => readOffered(missing(limits.missingCount + 1), 'offer')).toThrow(/at most/);
  });
  it('says what its machine is, in two words of so many letters and digits', () => {
    const [most, more] = ['a'.repeat(16), 'a'.repeat(17)];
    const platform = `${most}-${most}`;
    expect(readOffered({ ...missing(0), platform }, 'offer')).toEqual({ ...missing(0), platform });
    for (const none of [`${more}-x64`, `linux-${more}`, 'linux', 'linux-x64\n', '-', 7])
      expect(() => readOffered({ ...missing(0), platform: none }, 'offer')).toThrow(/platform/);
  });
  it('is refused where it is no such thing', () => {
    const wrong = { sha256: '../../etc', size: 1, have: 0 };
    expect(() => readOffered({ ...missing(0), missing: [wrong] }, 'offer')).toThrow(/SHA-256/);
    expect(readPut({ have: 5 }, 'put')).toEqual({ have: 5 });
    for (const have of [-1, 0.5, '5', undefined]) expect(() => readPut({ have }, 'put')).toThrow();
  });
});

describe('a shepherd', () => {
  const up = () => {
    const waiting: ((put: Put) => void)[] = [];
    const script = agentScript({
      put: (turn) => turn.ask<Put>((answer) => void waiting.push((put) => answer.kept(put))),
    });
    const world = new World(3);
    const machine = new Machine(world, 'A', {
      services: [program({ provision: ['plain'] })],
      setUp: (turn, shepherd) => {
        turn.call(shepherd, 'define', slotConfig(), turn.spawn(makeScripted, script));
        const mixed = turn.spawn(makeGroup, 'mixed', ['web', 'plain']);
        turn.call(shepherd, 'registerAggregate', mixed);
      },
    });
    machine.boot();
    const pass = (): void => void world.run(world.now + 200);
    pass();
    const put = (asker: Asker, name = 'web', given = piece()): Asked<Put> => {
      const { sha256, offset, bytes } = given;
      const asked = machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'put', name, sha256, offset, bytes, asker),
      );
      pass();
      return asked;
    };
    return { machine, pass, put, script, waiting };
  };
  const root: Asker = { principal: localRoot };
  const by = (id: string, origin?: string): Asker => ({
    principal: principalOf(id),
    ...(origin !== undefined && { origin }),
  });

  it('passes what was checked to the agent, under any name of its service, with who asks', () => {
    const { put, script, waiting, pass } = up();
    const asked = put(by('g-1', 'g-0'), 'www', piece({ more: 1 }));
    expect(script.pieces).toEqual([{ asker: by('g-1', 'g-0'), piece: piece() }]);
    waiting[0]?.({ have: 1 });
    pass();
    expect(asked.value).toEqual({ have: 1 });
  });
  it('has no slot in what has no agent, nor in what is not there', () => {
    const { put } = up();
    expect(put(root, 'plain').error?.message).toContain('no slot');
    expect(put(root, 'nobody').error).toMatchObject({ code: 'unknown-service' });
  });
  it('has in a fleet some that are no slots: so no release, but for whoever may ask for the slots alone', () => {
    const { put, machine, pass } = up();
    expect(put(root, 'mixed').error?.message).toContain("'plain' does not have an action 'deploy'");
    const offered = (...members: readonly string[]): string | undefined => {
      const asked = machine.ask((turn, shepherd) => {
        const holder = principalOf('g-1');
        const narrowed = members.length > 0 ? { members } : {};
        const facet = turn.call(shepherd, 'facet', 'mixed', holder, narrowed);
        return turn.send(facet, 'offer', offer());
      });
      pass();
      return asked.error?.message;
    };
    // It is not told of members that it does not see.
    expect(offered()).toBe("service 'mixed' does not have an action 'deploy'");
    // This machine carries nothing for others.
    expect(offered('web')).toBe("service 'mixed' is no slot: it takes no releases");
  });
  it('has so many under way of one asker, and room again when one is answered', () => {
    const { put, waiting, pass } = up();
    const asked = Array.from({ length: limits.askerTransferCount }, () => put(by('m-1')));
    expect(asked.every(({ error }) => error === undefined)).toBe(true);
    expect(put(by('m-1')).error).toMatchObject({ code: 'limit' });
    expect(put(by('m-2')).error).toBeUndefined();
    waiting[0]?.({ have: 1 });
    pass();
    expect(put(by('m-1')).error).toBeUndefined();
  });
  it('has so many of all grants that come from one, however many those are', () => {
    const { put } = up();
    const { originTransferCount, askerTransferCount } = limits;
    for (let at = 0; at < originTransferCount; at += 1) {
      const grant = `g-${Math.floor(at / askerTransferCount)}`;
      expect(put(by(grant, 'g-0')).error, `${at}`).toBeUndefined();
    }
    expect(put(by('g-new', 'g-0')).error).toMatchObject({ code: 'limit' });
    expect(put(by('g-other', 'g-other')).error).toBeUndefined();
    expect(put(root).error).toBeUndefined();
  });
  it('has so many of all grants, and the owner has his', () => {
    const { put } = up();
    const { grantTransferCount, originTransferCount, askerTransferCount } = limits;
    for (let at = 0; at < grantTransferCount; at += 1) {
      const asker = by(
        `g-${Math.floor(at / askerTransferCount)}`,
        `top-${Math.floor(at / originTransferCount)}`,
      );
      expect(put(asker).error, `${at}`).toBeUndefined();
    }
    expect(put(by('g-new', 'top-new')).error?.message).toContain('by grants here already');
    expect(put(root).error).toBeUndefined();
  });
  it('has so many of all, be it the owner who asks for one more', () => {
    const { put, waiting, pass } = up();
    for (let at = 0; at < limits.transferCount; at += 1) {
      const asker = by(`m-${Math.floor(at / limits.askerTransferCount)}`);
      expect(put(asker).error, `${at}`).toBeUndefined();
    }
    expect(put(root).error).toMatchObject({
      code: 'limit',
      message: `too much of releases is under way: ${limits.transferCount} here already`,
    });
    waiting[0]?.({ have: 1 });
    pass();
    expect(put(root).error).toBeUndefined();
  });
});
