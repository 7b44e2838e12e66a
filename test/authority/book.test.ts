import type { Past } from '@bellwether/authority';
import { ActorError, type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import { fingerprintOf, kindOf, mintedId, proveHolder, type Cut } from '@bellwether/authority';
import type { KeyPair } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { runIn } from '../support/actors-vat.ts';
import {
  designator,
  grantBench,
  hashOf,
  hear,
  held,
  inviteOf,
  judged,
  keysOf,
  make,
  nextLife,
  redeem,
  wordsOf,
  type GrantBench,
} from '../support/grant-bench.ts';

const hourMs = 3_600_000;
const list = (bench: GrantBench, viewer = 'root') =>
  runIn(bench, (turn) => [turn.call(bench.book, 'list', viewer)]).then(([all]) => all ?? []);
const revoke = (bench: GrantBench, grant: string, by = 'root', reason?: string) =>
  runIn(bench, (turn) => [turn.call(bench.book, 'revoke', by, grant, reason)]).then(
    ([ended]) => ended ?? [],
  );
const facts = (bench: GrantBench, grant: string) =>
  runIn(bench, (turn) => turn.call(bench.book, 'facts', grant));

const makeFaultyEar = (_turn: Turn<Cut>, _bcom: Bcom<Cut>): Behavior<Cut> => ({
  cut: () => {
    throw new TypeError('a bug');
  },
});

describe('a grant', () => {
  it('allows its actions and nothing else', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root');
    expect(await judged(bench, id, { action: 'restart', operation: 'op-1' })).toBe('ok');
    expect(await judged(bench, id, { action: 'status' })).toBe('ok');
    expect(await wordsOf(bench, id, { action: 'stop', operation: 'op-2' })).toBe(
      `grant ${id} does not allow 'stop': it is for status, restart`,
    );
    expect(await judged(bench, id, { action: 'log' })).toBe('denied');
    expect(await judged(bench, id, {})).toBe('ok');
  });
  it('allows arguments by its globs, and others than those that have some freely', async () => {
    const bench = await grantBench();
    const spec = { actions: ['deploy', 'restart'], arguments: { deploy: ['v1.*', '**'] } };
    const id = await held(bench, 'root', spec);
    expect(await judged(bench, id, { action: 'deploy', args: ['v1.2', 'now'] })).toBe('ok');
    expect(await judged(bench, id, { action: 'deploy', args: ['v2.0'] })).toBe('denied');
    expect(await judged(bench, id, { action: 'deploy' })).toBe('denied');
    expect(await judged(bench, id, { action: 'restart', args: ['whatever'] })).toBe('ok');
  });
  it('says of itself nothing that is secret', async () => {
    const bench = await grantBench();
    const { grant, swissnum } = await make(bench, 'root', { label: 'alice' });
    const { uri } = await redeem(bench, swissnum, keysOf(1));
    const told = JSON.stringify([
      await facts(bench, grant.id),
      await list(bench),
      bench.disk.audits,
    ]);
    const onDisk = JSON.stringify([...bench.disk.found.values()]);
    const hex = Buffer.from(swissnum).toString('hex');
    for (const secret of [hex, uri.slice(4)]) {
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(told + onDisk).not.toContain(secret);
    }
    expect(told).not.toContain(hashOf(bench, swissnum));
    expect(told).toContain('alice');
  });
  it('is the same after a restart', async () => {
    let bench = await grantBench();
    const id = await held(bench, 'root', { maxUses: 2, lifetimeMs: hourMs });
    await judged(bench, id, { action: 'restart', operation: 'op-1' });
    const before = await facts(bench, id);
    bench = await nextLife(bench);
    expect(await facts(bench, id)).toEqual(before);
    expect(before).toMatchObject({ state: 'live', usedCount: 1, maxUses: 2, issuer: 'root' });
  });
  it('that nobody has redeemed is of no use to who knows its id', async () => {
    const bench = await grantBench();
    const { grant } = await make(bench, 'root');
    expect(await judged(bench, grant.id, { action: 'status' })).toBe('refused');
    expect(grant.state).toBe('invited');
  });
});

describe('who answers for an asker', () => {
  it('is the grant that the owner gave, or the minted reference, that all of it was made out of', async () => {
    const bench = await grantBench();
    const minted = 'ab'.repeat(32);
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    const out = await held(bench, minted, {}, keysOf(3));
    const { swissnum } = await make(bench, out);
    const found = await runIn(bench, (turn) => [
      ...[alice, bot, out, minted, mintedId(minted), 'g-gone', 'root'].map((each) =>
        turn.call(bench.book, 'origin', each),
      ),
      turn.call(bench.book, 'originUnder', hashOf(bench, swissnum)),
      turn.call(bench.book, 'originUnder', 'cd'.repeat(32)),
    ]);
    const id = mintedId(minted);
    expect(found).toEqual([alice, alice, id, id, id, undefined, undefined, id, undefined]);
  });
});
describe('what an id names', () => {
  it.each([
    ['g-0x1y2z', 'grant'],
    ['d-0x1y2z', 'direct'],
    [mintedId('ab'.repeat(32)), 'minted'],
    ['ab'.repeat(32), 'minted'],
    ['AB'.repeat(32), undefined],
    ['root', undefined],
    ['x-1', undefined],
    ['grant', undefined],
    ['', undefined],
  ])('is known of %j: %s', (id, kind) => {
    expect(kindOf(id)).toBe(kind);
  });
});

describe('revoking', () => {
  it('names when and by whom, to who holds it, and keeps the reason for those who could', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, { actions: ['restart'] }, keysOf(2));
    expect(await revoke(bench, alice, 'root', 'laptop stolen')).toEqual([alice, bot]);
    expect(await wordsOf(bench, bot, { action: 'restart', operation: 'op-1' })).toBe(
      `grant ${alice} was revoked at 2023-11-14 22:13:20 UTC by root`,
    );
    const [of, below] = await list(bench);
    expect(of).toMatchObject({ state: 'revoked', revoked: { reason: 'laptop stolen' } });
    expect(below).toMatchObject({ id: bot, parent: alice, state: 'revoked' });
    expect((await facts(bench, alice)).revoked).not.toHaveProperty('reason');
    expect((await facts(bench, bot)).revoked).not.toHaveProperty('reason');
  });
  it('ends at once, in the same turn, whatever lives off a grant or one below, and nothing else', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    const other = await held(bench, 'root', {}, keysOf(3));
    const heard: string[] = [];
    const ears = [await hear(bench, alice, heard), await hear(bench, bot, heard)];
    ears.push(await hear(bench, other, heard));
    const seen = await runIn(bench, (turn) => {
      turn.call(bench.book, 'revoke', 'root', alice);
      return ears.map((ear) => turn.call(ear, 'isCut'));
    });
    expect(seen).toEqual([true, true, false]);
    await runIn(bench, (turn) => turn.call(bench.book, 'revoke', 'root', other));
    expect(heard).toEqual([`${alice}: revoked`, `${bot}: revoked`, `${other}: revoked`]);
  });
  it('tells nobody who has left', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root');
    const heard: string[] = [];
    const ear = await hear(bench, id, heard);
    await runIn(bench, (turn) => turn.call(bench.book, 'leave', id, ear));
    await revoke(bench, id);
    expect(heard).toEqual([]);
  });
  it('cannot be kept from happening by what lives off it', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root');
    const heard: string[] = [];
    await runIn(bench, (turn) => {
      const bad = turn.spawn(makeFaultyEar);
      turn.call(bench.book, 'hold', id, bad);
    });
    await hear(bench, id, heard);
    // The bug ends the life once the revocation is durable, and with it every session.
    expect(await revoke(bench, id)).toEqual([id]);
    bench.world.run(bench.world.now + 1);
    expect(bench.logs.map(({ event }) => event)).toContain('vat.halted');
    const next = await nextLife(bench);
    expect(await judged(next, id, { action: 'status' })).toBe('revoked');
  });
  it('is undone whole with the turn that did it', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root');
    const heard: string[] = [];
    await hear(bench, id, heard);
    const undone = runIn(bench, (turn) => {
      turn.call(bench.book, 'revoke', 'root', id);
      throw new TypeError('afterwards');
    });
    await expect(undone).rejects.toThrow('afterwards');
    expect(await judged(bench, id, { action: 'status' })).toBe('ok');
    await revoke(bench, id);
    expect(await judged(bench, id, { action: 'status' })).toBe('revoked');
  });
  it('is for those above and for the holder, and refused to others in the words for what is not there', async () => {
    const bench = await grantBench();
    const minted = 'ab'.repeat(32);
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    const carol = await held(bench, minted, {}, keysOf(3));
    for (const [by, grant] of [
      [alice, carol],
      [bot, alice],
      [minted, alice],
      [alice, 'g-nobody'],
      ['root', 'g-nobody'],
    ] as const)
      await expect(revoke(bench, grant, by)).rejects.toThrow(/^no such grant$/);
    expect(await revoke(bench, carol, minted)).toEqual([carol]);
    expect(await revoke(bench, bot, alice)).toEqual([bot]);
    expect(await revoke(bench, alice, alice)).toEqual([alice]);
    expect(await revoke(bench, alice, 'root')).toEqual([]);
  });
  it('is not for who was revoked himself', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    await revoke(bench, alice);
    await expect(revoke(bench, bot, alice)).rejects.toMatchObject({ code: 'revoked' });
    await expect(make(bench, alice)).rejects.toMatchObject({ code: 'revoked' });
  });
  it('outlives the daemon', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    await revoke(bench, alice);
    const next = await nextLife(bench);
    expect(await judged(next, bot, { action: 'status' })).toBe('revoked');
  });
});

describe('what strangers are answered', () => {
  it('is the same for an invite that is unknown, expired, taken back, or forgotten', async () => {
    const bench = await grantBench();
    const revoked = await make(bench, 'root');
    const expired = await make(bench, 'root', { inviteMs: 1_000 });
    await revoke(bench, revoked.grant.id);
    bench.world.run(bench.world.now + 2_000);
    for (const swissnum of [revoked.swissnum, expired.swissnum, new Uint8Array(32)])
      expect(
        await runIn(bench, (turn) => [turn.call(bench.book, 'find', hashOf(bench, swissnum))]),
      ).toEqual([undefined]);
  });
  it('is the same for an id that is unknown, of others, or forgotten', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const forgotten = await held(bench, 'root');
    await revoke(bench, forgotten);
    bench.world.run(bench.world.now + 8 * 24 * hourMs);
    await make(bench, 'root');
    expect(bench.disk.found.has(`grant ${forgotten}`)).toBe(false);
    expect(bench.disk.found.has(`revocation ${forgotten}`)).toBe(false);
    const answers = await Promise.all(
      ['g-nobody', forgotten].map((id) => wordsOf(bench, id, { action: 'status' })),
    );
    expect(new Set(answers)).toEqual(new Set(['no such grant']));
    await expect(revoke(bench, forgotten, alice)).rejects.toThrow(/^no such grant$/);
  });
  it('of a live invite is the invite, and of its hash nothing after the holder has his own', async () => {
    const bench = await grantBench();
    const { grant, swissnum } = await make(bench, 'root');
    const { uri } = await redeem(bench, swissnum, keysOf(1));
    const own = new Uint8Array(Buffer.from(uri.slice('net:'.length), 'hex'));
    const [found] = await runIn(bench, (turn) => [
      turn.call(bench.book, 'find', hashOf(bench, own)),
    ]);
    expect(found).toEqual({ kind: 'grant', grant: grant.id, service: 'web' });
  });
});

describe('an invite', () => {
  it('tells what would be accepted, and by which fingerprint it was given', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root');
    const { grant, swissnum } = await make(bench, alice, { label: 'bot' });
    const invite = await inviteOf(bench, swissnum);
    const told = await runIn(bench, (turn) => turn.send(invite, 'facts'));
    expect(told).toMatchObject({ id: grant.id, state: 'invited', label: 'bot' });
    expect(told.issuer).toBe((await facts(bench, alice)).holder);
    expect(told.issuer).toMatch(/^[0-9a-z]{4}(-[0-9a-z]{4}){4}$/);
  });
  it('gives the same key a fresh reference in place of the one before', async () => {
    const bench = await grantBench();
    const { grant, swissnum } = await make(bench, 'root');
    const first = await redeem(bench, swissnum, keysOf(1));
    const second = await redeem(bench, swissnum, keysOf(1));
    expect(second.uri).not.toBe(first.uri);
    const findUri = (uri: string) =>
      runIn(bench, (turn) => [
        turn.call(
          bench.book,
          'find',
          hashOf(bench, new Uint8Array(Buffer.from(uri.slice(4), 'hex'))),
        ),
      ]);
    expect(await findUri(first.uri)).toEqual([undefined]);
    expect(await findUri(second.uri)).toMatchObject([{ grant: grant.id }]);
  });
  it('that there is no room to write down stays open for who may redeem it', async () => {
    const bench = await grantBench();
    const { grant, swissnum } = await make(bench, 'root');
    const before = [...bench.disk.found.values()];
    bench.disk.checkRoom = () => {
      throw new ActorError('no-room', 'full');
    };
    await expect(redeem(bench, swissnum, keysOf(1))).rejects.toThrow('full');
    expect([...bench.disk.found.values()]).toEqual(before);
    bench.disk.checkRoom = () => undefined;
    expect((await redeem(bench, swissnum, keysOf(2))).grant.id).toBe(grant.id);
  });
  it('is refused to another key, with an alert, also after a restart and after eight of them', async () => {
    let bench = await grantBench();
    const { grant, swissnum } = await make(bench, 'root');
    await redeem(bench, swissnum, keysOf(1));
    bench = await nextLife(bench);
    for (let count = 0; count < 9; count += 1)
      await expect(redeem(bench, swissnum, keysOf(2))).rejects.toThrow(/^no such reference$/);
    const alerts = bench.disk.audits.filter(({ event }) => event === 'alert');
    expect(alerts).toHaveLength(8);
    const [alice, bob] = [1, 2].map((seed) => fingerprintOf(bench.crypto, keysOf(seed).publicKey));
    expect(alerts[0]).toMatchObject({
      asker: bob,
      chain: [{ grant: grant.id, holder: alice }],
      grant: grant.id,
      code: 'redeemed-twice',
      reason: `key ${bob} tried to redeem the invite that key ${alice} has redeemed`,
    });
  });
  it('has lapsed once its time is over, and not expired, as the grant itself has not', async () => {
    const bench = await grantBench();
    const { grant, inviteExpiresMs } = await make(bench, 'root', { inviteMs: 1_000 });
    bench.world.run(bench.world.now + 999);
    expect(await facts(bench, grant.id)).toMatchObject({ state: 'invited', inviteExpiresMs });
    bench.world.run(bench.world.now + 1);
    expect(await facts(bench, grant.id)).toMatchObject({ state: 'lapsed', inviteExpiresMs });
  });
  it('belongs to one key alone where two redeem it at once', async () => {
    const bench = await grantBench();
    const { swissnum } = await make(bench, 'root');
    const invite = await inviteOf(bench, swissnum);
    const proofOf = async (keys: KeyPair) => {
      const { nonce } = await runIn(bench, (turn) => turn.send(invite, 'challenge'));
      const inviteHash = bench.crypto.sha256(swissnum);
      const signature = proveHolder(keys, { designator, nonce, inviteHash });
      return { key: keys.publicKey, nonce, signature };
    };
    const proofs = [await proofOf(keysOf(1)), await proofOf(keysOf(2))];
    const answers = await runIn(bench, (turn) =>
      turn.all(
        proofs.map(({ key, nonce, signature }) =>
          turn.send(invite, 'redeem', key, nonce, signature),
        ),
      ),
    );
    expect(answers.map(({ kept }) => kept)).toEqual([true, false]);
  });
  it('takes no proof that was made for another host, and no nonce twice', async () => {
    const bench = await grantBench();
    const { swissnum } = await make(bench, 'root');
    await expect(redeem(bench, swissnum, keysOf(1), 'another')).rejects.toThrow('does not prove');
    const invite = await inviteOf(bench, swissnum);
    const { nonce } = await runIn(bench, (turn) => turn.send(invite, 'challenge'));
    const keys = keysOf(1);
    const inviteHash = bench.crypto.sha256(swissnum);
    const right = proveHolder(keys, { designator, nonce, inviteHash });
    const ask = (signature: Uint8Array) =>
      runIn(bench, (turn) => turn.send(invite, 'redeem', keys.publicKey, nonce, signature));
    await expect(ask(new Uint8Array(64))).rejects.toThrow('does not prove');
    await ask(right);
    await expect(ask(right)).rejects.toThrow('not open any more');
  });
});

describe('a restored backup', () => {
  it('makes everything from before it wait for its owner, and gives back neither right nor invite', async () => {
    let bench = await grantBench();
    const alice = await held(bench, 'root', { maxUses: 1 });
    const revoked = await held(bench, 'root', {}, keysOf(2));
    const { grant: open, swissnum } = await make(bench, 'root');
    const backup = bench.disk.backup();
    await judged(bench, alice, { action: 'restart', operation: 'op-1' });
    await revoke(bench, revoked);
    await redeem(bench, swissnum, keysOf(3));
    bench.disk.restore(backup);
    bench = await nextLife(bench);
    for (const id of [alice, revoked])
      expect(await judged(bench, id, { action: 'status' })).toBe('unconfirmed');
    await expect(inviteOf(bench, swissnum)).rejects.toThrow('no such invite');
    const made = await held(bench, 'root', {}, keysOf(4));
    expect(await judged(bench, made, { action: 'status' })).toBe('ok');

    expect((await facts(bench, open.id)).state).toBe('lapsed');
    const confirm = (...ids: string[]) =>
      runIn(bench, (turn) => [turn.call(bench.book, 'confirm', ids)]);
    await expect(confirm(open.id)).rejects.toThrow(/not accepted before that backup.*give a new/);
    expect(await confirm(alice)).toEqual([[alice]]);
    bench = await nextLife(bench);
    expect(await judged(bench, alice, { action: 'status' })).toBe('ok');
    expect(await judged(bench, revoked, { action: 'status' })).toBe('unconfirmed');
    await expect(inviteOf(bench, swissnum)).rejects.toThrow('no such invite');
    const lapsed = await facts(bench, open.id);
    expect(lapsed.state).toBe('lapsed');
    expect(lapsed).not.toHaveProperty('inviteExpiresMs');
  });
  it('is confirmed as a whole but for what was never accepted, which nobody can accept any more', async () => {
    let bench = await grantBench();
    const alice = await held(bench, 'root');
    const { grant: open } = await make(bench, 'root');
    bench.disk.restore(bench.disk.backup());
    bench = await nextLife(bench);
    const confirmed = await runIn(bench, (turn) => [turn.call(bench.book, 'confirm')]);
    expect(confirmed).toEqual([[alice]]);
    expect((await facts(bench, open.id)).state).toBe('lapsed');
  });
  it('gives back nothing that its audit says was ended since, unless its owner says so', async () => {
    let bench = await grantBench();
    const alice = await held(bench, 'root', { maxUses: 1 });
    const half = await held(bench, 'root', { maxUses: 2 });
    const gone = await held(bench, 'root', {}, keysOf(2));
    const below = await held(bench, gone, {}, keysOf(3));
    const fine = await held(bench, 'root', {}, keysOf(4));
    bench.disk.restore(bench.disk.backup());
    bench = await nextLife(bench);
    const past = {
      revoked: new Map([[gone, 'revoked at noon by root: stolen laptop']]),
      usedCounts: new Map([
        [alice, 1],
        [half, 1],
      ]),
    };
    const confirm = (...args: [readonly string[] | undefined, Past?]) =>
      runIn(bench, (turn) => [turn.call(bench.book, 'confirm', ...args)]).then(([ids]) => ids);
    await expect(confirm([gone], past)).rejects.toThrow('revoked at noon by root: stolen laptop');
    await expect(confirm([below], past)).rejects.toThrow(
      `${gone}, which it comes from, was revoked`,
    );
    await expect(confirm([alice], past)).rejects.toThrow('used for all 1 of its operations');
    expect(await confirm(undefined, past)).toEqual([half, fine]);
    expect(await judged(bench, gone, { action: 'status' })).toBe('unconfirmed');
    expect(await judged(bench, half, { action: 'restart', operation: 'op-1' })).toBe('ok');
    expect(await judged(bench, half, { action: 'restart', operation: 'op-2' })).toBe('used-up');
    expect(await confirm([gone])).toEqual([gone]);
    expect(await judged(bench, gone, { action: 'status' })).toBe('ok');
  });
  it('gives back nothing that was made out of a minted reference which was revoked since', async () => {
    let bench = await grantBench();
    const minted = 'ab'.repeat(32);
    const alice = await held(bench, minted);
    const bot = await held(bench, alice, {}, keysOf(2));
    const other = await held(bench, 'cd'.repeat(32), {}, keysOf(3));
    const backup = bench.disk.backup();
    await runIn(bench, (turn) => turn.call(bench.book, 'revokeMinted', minted, 'lost'));
    const [{ grant: id = '', reason = '' } = {}] = bench.disk.audits.slice(-1);
    bench.disk.restore(backup);
    bench = await nextLife(bench);
    const past = { revoked: new Map([[id, `revoked: ${reason}`]]), usedCounts: new Map() };
    const confirm = (...ids: string[]) =>
      runIn(bench, (turn) => [
        turn.call(bench.book, 'confirm', ids.length > 0 ? ids : undefined, past),
      ]);
    expect(id).toBe('m-abababababab');
    for (const each of [alice, bot])
      await expect(confirm(each)).rejects.toThrow(`${id}, which it comes from, was revoked: lost`);
    expect(await confirm()).toEqual([[other]]);
    expect(await judged(bench, bot, { action: 'status' })).toBe('unconfirmed');
  });
  it('keeps a grant waiting as long as one that it was narrowed from does', async () => {
    let bench = await grantBench();
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    bench.disk.restore(bench.disk.backup());
    bench = await nextLife(bench);
    await runIn(bench, (turn) => void turn.call(bench.book, 'confirm', [bot]));
    expect(await judged(bench, bot, { action: 'status' })).toBe('unconfirmed');
    await runIn(bench, (turn) => void turn.call(bench.book, 'confirm'));
    expect(await judged(bench, bot, { action: 'status' })).toBe('ok');
  });
});

describe('who can', () => {
  it('names the grants through which it could be done now', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root', { maxUses: 1 });
    const gone = await held(bench, 'root');
    await make(bench, 'root');
    await revoke(bench, gone);
    const ids = (action: string, service = 'web') =>
      runIn(bench, (turn) => [turn.call(bench.book, 'whoCan', action, service)]).then(([all]) =>
        all?.map(({ id }) => id),
      );
    expect(await ids('restart')).toEqual([alice]);
    expect(await ids('stop')).toEqual([]);
    expect(await ids('restart', 'db')).toEqual([]);
    await judged(bench, alice, { action: 'restart', operation: 'op-1' });
    expect(await ids('restart')).toEqual([]);
    expect(await ids('status')).toEqual([alice]);
  });
});
