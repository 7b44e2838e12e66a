/** What a grant, an invite and a book take, and one more of each. */
import {
  chained,
  chainStart,
  grantLimits as limits,
  proveHolder,
  readGrantSpec,
} from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { freshId, idBytes } from '../../packages/authority/src/names.ts';
import { runIn } from '../support/actors-vat.ts';
import {
  designator,
  grantBench,
  GrantDisk,
  hear,
  held,
  inviteOf,
  keysOf,
  make,
  nextLife,
  redeem,
  specOf,
} from '../support/grant-bench.ts';

const texts = (count: number, characters = 3): string[] =>
  Array.from({ length: count }, (_none, at) => `x${at}`.padEnd(characters, '-'));
const spec = (more: Record<string, unknown>) => readGrantSpec({ ...specOf(), ...more });

describe('a spec', () => {
  it.each([
    ['service', 'x'.repeat(limits.nameCharacters), 'x'.repeat(limits.nameCharacters + 1)],
    ['actions', texts(limits.actionCount), texts(limits.actionCount + 1)],
    ['actions', ['x'.repeat(limits.nameCharacters)], ['x'.repeat(limits.nameCharacters + 1)]],
    ['label', 'x'.repeat(limits.labelCharacters), 'x'.repeat(limits.labelCharacters + 1)],
    ['lifetimeMs', limits.lifetimeLeastMs, limits.lifetimeLeastMs - 1],
    ['lifetimeMs', limits.lifetimeMostMs, limits.lifetimeMostMs + 1],
    ['maxUses', 1, 0],
    ['maxUses', limits.useCount, limits.useCount + 1],
    [
      'rate',
      { count: limits.rateCount, windowMs: limits.windowMostMs },
      { count: limits.rateCount + 1, windowMs: 1_000 },
    ],
    [
      'rate',
      { count: 1, windowMs: limits.windowLeastMs },
      { count: 1, windowMs: limits.windowLeastMs - 1 },
    ],
    [
      'rate',
      { count: 1, windowMs: limits.windowMostMs },
      { count: 1, windowMs: limits.windowMostMs + 1 },
    ],
    ['members', texts(limits.memberCount), texts(limits.memberCount + 1)],
    ['inviteMs', limits.inviteLeastMs, limits.inviteLeastMs - 1],
    ['inviteMs', limits.inviteMostMs, limits.inviteMostMs + 1],
    ['arguments', { restart: texts(limits.globCount) }, { restart: texts(limits.globCount + 1) }],
    [
      'arguments',
      { restart: ['x'.repeat(limits.globCharacters)] },
      { restart: ['x'.repeat(limits.globCharacters + 1)] },
    ],
    [
      'arguments',
      { restart: texts(limits.globCount, limits.globTotalCharacters / limits.globCount) },
      {
        restart: texts(limits.globCount, limits.globTotalCharacters / limits.globCount),
        status: ['x'],
      },
    ],
  ])('takes the most and refuses more: %s', (field, most, more) => {
    expect(spec({ [field]: most })).toMatchObject({ [field]: most });
    expect(() => spec({ [field]: more })).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
  it.each([
    ['isLocal', false],
    ['lifetime', 1_000],
    ['arguments', { stop: ['*'] }],
    ['arguments', { restart: ['**', 'x'] }],
    ['arguments', { restart: ['a**'] }],
    ['arguments', [['*']]],
    ['actions', []],
    ['actions', ['']],
    ['service', 7],
    ['label', '\ud800'],
    ['rate', { count: 1, windowMs: 1_000, burst: 9 }],
    ['maxUses', 1.5],
    ['maxUses', '1'],
  ])('is refused where it may mean what is not known here: %s', (field, value) => {
    expect(() => spec({ [field]: value })).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
  it('has no names that are special elsewhere', () => {
    const read = spec({
      actions: ['__proto__', 'constructor'],
      arguments: JSON.parse('{"__proto__":["a"]}') as unknown,
    });
    expect(Object.hasOwn(read.arguments ?? {}, '__proto__')).toBe(true);
    expect(() => spec({ arguments: { constructor: ['*'] } })).toThrow('is not known');
  });
});

describe('a book', () => {
  it('lets a chain be so long, and no longer', async () => {
    const bench = await grantBench();
    let id = 'root';
    for (let at = 0; at < limits.depth; at += 1) id = await held(bench, id, {}, keysOf(at + 1));
    await expect(make(bench, id)).rejects.toThrow(`is the ${limits.depth}th in its chain`);
  });
  it('lets a grant be narrowed so often at a time', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    let last = '';
    for (let at = 0; at < limits.childCount; at += 1) last = (await make(bench, alice)).grant.id;
    await expect(make(bench, alice)).rejects.toThrow(
      `was narrowed to ${limits.childCount} already`,
    );
    await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', alice, last));
    await make(bench, alice);
    await expect(make(bench, alice)).rejects.toMatchObject({ code: 'limit' });
  });
  it('lets so many stand below one that its owner gave, and others have their own', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const other = await held(bench, 'root', {}, keysOf(2));
    const below = limits.descendantCount / limits.childCount;
    for (let at = 0; at < below; at += 1) {
      const child = await held(bench, alice, {}, keysOf(at + 3));
      for (let n = 1; n < limits.childCount; n += 1) await make(bench, child);
      if (at === below - 1) {
        await expect(make(bench, child)).rejects.toThrow(
          `${limits.descendantCount} stand below ${alice} already`,
        );
        await expect(make(bench, alice)).rejects.toMatchObject({ code: 'limit' });
      }
    }
    await make(bench, other);
  });
  it('makes so many below one in an hour, however often they are taken back, and others their own', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const other = await held(bench, 'root', {}, keysOf(2));
    const child = await held(bench, alice, {}, keysOf(3));
    const makeAndRevoke = async (issuer: string): Promise<void> => {
      const { grant } = await make(bench, issuer);
      await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', alice, grant.id));
    };
    for (let at = 1; at < limits.changeCount; at += 1)
      await makeAndRevoke(at % 2 === 0 ? alice : child);
    const kept = bench.disk.commitCount;
    for (const issuer of [alice, child])
      await expect(make(bench, issuer)).rejects.toMatchObject({ code: 'too-many' });
    expect(bench.disk.commitCount).toBe(kept);
    await make(bench, other);
    await make(bench, 'root');
    await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', alice, child));
    bench.world.run(bench.world.now + limits.changeMs - 1);
    await expect(make(bench, alice)).rejects.toMatchObject({ code: 'too-many' });
    bench.world.run(bench.world.now + limits.changeMs / 32 + 1);
    await makeAndRevoke(alice);
  });
  it('makes so many for a minted reference in an hour, those below its grants counted in', async () => {
    const bench = await grantBench();
    const minted = 'ab'.repeat(32);
    const alice = await held(bench, minted);
    for (let at = 1; at < limits.changeCount; at += 1) {
      const { grant } = await make(bench, at % 2 === 0 ? alice : minted);
      await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', 'root', grant.id));
    }
    for (const issuer of [minted, alice])
      await expect(make(bench, issuer)).rejects.toThrow('grant m-abababababab allows no more');
  });
  it.each([
    ['short', 0.8, 1],
    ['as long as they may be', 1.6, limits.nameCharacters],
  ])(
    'fills the audit with so many MiB of an hour where words are %s: %d',
    async (_what, mib, most) => {
      const bench = await grantBench();
      const word = (characters: number): string => 'é'.repeat(Math.min(characters, most * 20));
      const actions = texts(most === 1 ? 2 : limits.actionCount, most).map((each) =>
        each.replaceAll('-', 'é'),
      );
      let id = 'root';
      for (let at = 1; at < limits.depth; at += 1)
        id = await held(bench, id, { actions }, keysOf(at));
      const before = bench.disk.audits.length;
      const label = word(limits.labelCharacters);
      const { grant, swissnum } = await make(bench, id, { actions, label });
      await redeem(bench, swissnum, keysOf(9));
      const reason = word(limits.reasonCharacters);
      await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', id, grant.id, reason));
      const told = bench.disk.audits.slice(before);
      expect(told.map(({ event }) => event)).toEqual(['granted', 'redeemed', 'revoked']);
      const lines = chained(chainStart, 0, told, () => '0'.repeat(64));
      const bytes = lines.reduce((sum, { text }) => sum + text.length + 1, 0);
      const found = (bytes * limits.changeCount) / 1_048_576;
      expect(Math.abs(found - mib)).toBeLessThan(0.1);
    },
  );
  it('lets an invite be redeemed again by its key so often in an hour', async () => {
    const bench = await grantBench();
    const { swissnum } = await make(bench, 'root', { inviteMs: limits.inviteMostMs });
    for (let at = 0; at <= limits.changeCount; at += 1) await redeem(bench, swissnum, keysOf(1));
    const kept = bench.disk.audits.length;
    await expect(redeem(bench, swissnum, keysOf(1))).rejects.toMatchObject({ code: 'too-many' });
    expect(bench.disk.audits).toHaveLength(kept);
  });
  /** Invites that a minted reference has made: one by the book, and so many in all. */
  const withInvites = async (issuer: string, count: number) => {
    const disk = new GrantDisk();
    const bench = await grantBench(disk);
    await make(bench, issuer);
    const [first] = disk.records().grants;
    const [invite] = disk.records().invites;
    if (first === undefined || invite === undefined) throw new Error('nothing was made');
    for (let at = 1; at < count; at += 1) {
      const id = `g-copy${at}`;
      disk.found.set(`grant ${id}`, { kind: 'grant', grant: { ...first.grant, id } });
      disk.found.set(`invite ${id}`, { ...invite, id, hash: `copy${at}` });
    }
    return nextLife(bench);
  };
  it('keeps room for invites of its owner, whatever holders make', async () => {
    const most = limits.openInviteCount - limits.ownerInviteCount;
    const bench = await withInvites('ab'.repeat(32), most - 1);
    await make(bench, 'cd'.repeat(32));
    await expect(make(bench, 'ef'.repeat(32))).rejects.toThrow(`${most} invites are open`);
    await make(bench, 'root');
  });
  it('has so many open invites of one minted reference, and others have their own', async () => {
    const most = limits.originInviteCount;
    const bench = await withInvites('ab'.repeat(32), most - 1);
    await make(bench, 'ab'.repeat(32));
    await expect(make(bench, 'ab'.repeat(32))).rejects.toThrow(
      `${most} invites of m-abababababab are open`,
    );
    await make(bench, 'cd'.repeat(32));
  });
  it('keeps 0.3 KiB of a usual grant, and 43,000 characters of the largest', async () => {
    const bench = await grantBench();
    const weightOf = (id: string): number =>
      JSON.stringify(bench.disk.found.get(`grant ${id}`)).length;
    const usual = await held(bench, 'root', { lifetimeMs: 86_400_000, label: 'the deploy bot' });
    expect((weightOf(usual) / 1_024).toFixed(1)).toBe('0.3');
    const { actionCount, memberCount, nameCharacters, labelCharacters } = limits;
    const actions = texts(actionCount, nameCharacters);
    const globs = texts(limits.globCount, limits.globTotalCharacters / limits.globCount);
    const largest = await held(bench, 'root', {
      service: 'x'.repeat(nameCharacters),
      actions,
      members: texts(memberCount, nameCharacters),
      label: 'x'.repeat(labelCharacters),
      arguments: { [actions[0] ?? '']: globs },
      lifetimeMs: limits.lifetimeMostMs,
      renewableMs: limits.lifetimeMostMs,
      maxUses: limits.useCount,
      rate: { count: limits.rateCount, windowMs: limits.windowMostMs },
    });
    expect(Math.round(weightOf(largest) / 1_000)).toBe(43);
  });
  it('remembers so many ended ones below one that its owner gave', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const made: string[] = [];
    for (let at = 0; at <= limits.endedCount; at += 1) {
      const { grant } = await make(bench, alice);
      made.push(grant.id);
      await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', alice, grant.id));
      bench.world.run(bench.world.now + 1);
    }
    expect(bench.disk.found.has(`grant ${made[0] ?? ''}`)).toBe(true);
    await make(bench, alice);
    expect(made.filter((id) => !bench.disk.found.has(`grant ${id}`))).toEqual([made[0]]);
  });
  it('forgets what was narrowed from a grant before that, where both ended together', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const parents: string[] = [];
    for (let at = 0; at < limits.endedCount / 2 + 1; at += 1) {
      const parent = await held(bench, alice, {}, keysOf(at + 2));
      await make(bench, parent);
      parents.push(parent);
    }
    await runIn(bench, (turn) => {
      for (const parent of parents) turn.call(bench.book, 'revoke', alice, parent);
    });
    await make(bench, alice);
    const grants = bench.disk.records().grants.map(({ grant }) => grant);
    expect(grants).toHaveLength(limits.endedCount + 2);
    for (const { parent } of grants)
      if (parent !== undefined) expect(grants.some(({ id }) => id === parent)).toBe(true);
  });
  it('has so many open invites, and keeps so many grants', async () => {
    const disk = new GrantDisk();
    const { book, ...bench } = await grantBench(disk);
    const { grant } = await make({ book, ...bench }, 'root');
    const [first] = disk.records().grants;
    const [invite] = disk.records().invites;
    if (first === undefined || invite === undefined) throw new Error('nothing was made');
    const copy = (at: number) => {
      const id = `g-copy${at}`;
      disk.found.set(`grant ${id}`, { kind: 'grant', grant: { ...first.grant, id } });
      return id;
    };
    for (let at = 1; at < limits.openInviteCount; at += 1) {
      const id = copy(at);
      disk.found.set(`invite ${id}`, { ...invite, id, hash: `copy${at}` });
    }
    let next = await nextLife({ book, ...bench });
    await expect(make(next, 'root')).rejects.toThrow(`${limits.openInviteCount} invites are open`);
    disk.found.delete('invite g-copy1');
    disk.found.delete('grant g-copy1');
    next = await nextLife(next);
    await make(next, 'root');

    for (const { id } of disk.records().invites) disk.found.delete(`invite ${id}`);
    for (const key of [...disk.found.keys()]) if (key.startsWith('grant')) disk.found.delete(key);
    for (let at = 1; at < limits.grantCount; at += 1) {
      const id = copy(at);
      disk.found.set(`grant ${id}`, {
        kind: 'grant',
        grant: { ...first.grant, id, hash: `h${at}` },
      });
    }
    next = await nextLife(next);
    await make(next, 'root');
    await expect(make(next, 'root')).rejects.toThrow(`${limits.grantCount} are kept here`);
    expect(grant.state).toBe('invited');
  });
  it('tells so many that live off one grant', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root');
    for (let at = 0; at < limits.holdCount; at += 1) await hear(bench, id, []);
    await expect(hear(bench, id, [])).rejects.toThrow(`${limits.holdCount} streams and questions`);
  });
  it('takes a reason of so many characters', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root');
    const revoke = (characters: number) =>
      runIn(
        bench,
        (turn) => void turn.call(bench.book, 'revoke', 'root', id, 'x'.repeat(characters)),
      );
    await expect(revoke(limits.reasonCharacters + 1)).rejects.toMatchObject({ code: 'malformed' });
    await revoke(limits.reasonCharacters);
  });
});

describe('an invite', () => {
  it('has a question open for half a minute at least and a minute at most, whoever else asks', async () => {
    const bench = await grantBench();
    const { swissnum } = await make(bench, 'root');
    const invite = await inviteOf(bench, swissnum);
    const asked = async (): Promise<Uint8Array> =>
      (await runIn(bench, (turn) => turn.send(invite, 'challenge'))).nonce;
    const key = keysOf(1).publicKey;
    const answer = (nonce: Uint8Array) =>
      runIn(bench, (turn) => turn.send(invite, 'redeem', key, nonce, new Uint8Array(64)));
    const pass = (ms: number): void => void bench.world.run(bench.world.now + ms);
    // From the beginning of its half minute on.
    pass(limits.nonceMs / 2 - (bench.world.now % (limits.nonceMs / 2)));
    const first = await asked();
    for (let at = 0; at < 200; at += 1) await asked();
    await expect(answer(first)).rejects.toThrow('does not prove');
    pass(limits.nonceMs - (bench.world.now % (limits.nonceMs / 2)) - 1);
    await expect(answer(first)).rejects.toThrow('does not prove');
    pass(1);
    await expect(answer(first)).rejects.toThrow('not open any more');
    const strange = (await asked()).map((byte, at) => (at === 31 ? byte ^ 1 : byte));
    await expect(answer(strange)).rejects.toThrow('not open any more');
  });
  it('remembers so many proofs, so that none of them is taken twice', async () => {
    const bench = await grantBench();
    const { swissnum } = await make(bench, 'root');
    const invite = await inviteOf(bench, swissnum);
    const keys = keysOf(1);
    const inviteHash = bench.crypto.sha256(swissnum);
    const proofs: (() => Promise<unknown>)[] = [];
    for (let at = 0; at <= limits.proofCount; at += 1) {
      const { nonce } = await runIn(bench, (turn) => turn.send(invite, 'challenge'));
      const signature = proveHolder(keys, { designator, nonce, inviteHash });
      proofs.push(() =>
        runIn(bench, (turn) => turn.send(invite, 'redeem', keys.publicKey, nonce, signature)),
      );
    }
    for (const proof of proofs.slice(0, -1)) await proof();
    for (const proof of proofs.slice(0, -1))
      await expect(proof()).rejects.toThrow('not open any more');
    await proofs.at(-1)?.();
    // The oldest one is forgotten then; the key has to fit all the same.
    await proofs[0]?.();
    await expect(proofs[2]?.()).rejects.toThrow('not open any more');
  });
  it('takes keys, nonces and signatures of their length alone', async () => {
    const bench = await grantBench();
    const { swissnum } = await make(bench, 'root');
    const invite = await inviteOf(bench, swissnum);
    for (const lengths of [
      [31, 32, 64],
      [32, 33, 64],
      [32, 32, 63],
    ]) {
      const [key, nonce, signature] = lengths.map((length) => new Uint8Array(length));
      if (key === undefined || nonce === undefined || signature === undefined) continue;
      await expect(
        runIn(bench, (turn) => turn.send(invite, 'redeem', key, nonce, signature)),
      ).rejects.toMatchObject({ code: 'malformed' });
    }
  });
});

describe('an id', () => {
  it('is six characters that are easily told apart, and not one that is taken', () => {
    const bytes = Uint8Array.from({ length: idBytes }, (_none, at) => at * 7);
    const first = freshId(bytes, () => false) ?? '';
    const second = freshId(bytes, (id) => id === first);
    expect(first).toMatch(/^g-[0-9a-hjkmnp-tv-z]{6}$/);
    expect(second).not.toBe(first);
    expect(freshId(bytes, () => true)).toBe(undefined);
  });
});
