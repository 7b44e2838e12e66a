/** A grant book on the store of a daemon: what it writes is taken, found again, and known where it is old. */
import type { Ref, Turn, Value } from '@bellwether/actors';
import { isAuditEntry, makeGrantBook, proveHolder, type GrantBook } from '@bellwether/authority';
import { makeNobleCrypto } from '@bellwether/ocapn';
import { MemoryDisk, MemoryMark, openMemory, type Store } from '@bellwether/store';
import { describe, expect, it } from 'vitest';
import { foundIn } from '../../packages/herd/src/store/records.ts';
import { makeBench, type Bench } from '../support/actors-vat.ts';
import { keysOf } from '../support/grant-bench.ts';

const crypto = makeNobleCrypto((byteCount) => {
  const bytes = new Uint8Array(byteCount);
  globalThis.crypto.getRandomValues(bytes);
  return bytes;
});
interface Life extends Bench {
  readonly store: Store;
  readonly book: Ref<GrantBook>;
}
/** A turn, and whatever the store does about it. */
const run = async <T>(bench: Bench, body: (turn: Turn) => T): Promise<Value<T>> => {
  let isOver = false;
  const answer = bench.vat.run(body).finally(() => (isOver = true));
  answer.catch(() => undefined);
  while (!isOver) {
    bench.world.step();
    await new Promise(setImmediate);
  }
  return answer;
};
const begin = async (disk: MemoryDisk, mark: MemoryMark): Promise<Life> => {
  const store = await openMemory(disk, mark);
  const commit: Store['commit'] = (entries, done) => {
    store.commit(
      entries.filter((entry) => !isAuditEntry(entry)),
      done,
    );
  };
  const bench = makeBench({ commit });
  const [book] = await run(bench, (turn) => [
    turn.spawn(makeGrantBook, {
      records: foundIn(store).granted,
      minted: foundIn(store).minted,
      rightsEpoch: store.rightsEpoch,
      clock: bench.world.clock(),
      crypto,
      designator: 'host',
      uriOf: (swissnum) => Buffer.from(swissnum).toString('hex'),
    }),
  ]);
  return { ...bench, store, book: book as Ref<GrantBook> };
};
const make = (life: Life, maxUses: number) =>
  run(life, (turn) =>
    turn.send(life.book, 'make', 'root', {
      service: 'web',
      actions: ['status', 'restart'],
      arguments: { restart: ['v*', '**'] },
      rate: { count: 9, windowMs: 60_000 },
      lifetimeMs: 3_600_000,
      label: 'alice',
      members: ['a'],
      maxUses,
    }),
  );
const redeem = async (life: Life, swissnum: Uint8Array): Promise<void> => {
  const inviteHash = crypto.sha256(swissnum);
  const hash = Buffer.from(inviteHash).toString('hex');
  const [found] = await run(life, (turn) => [turn.call(life.book, 'find', hash)]);
  if (found?.kind !== 'invite') throw new Error('there is no such invite');
  const { nonce } = await run(life, (turn) => turn.send(found.invite, 'challenge'));
  const keys = keysOf(1);
  const signature = proveHolder(keys, { designator: 'host', nonce, inviteHash });
  await run(life, (turn) => turn.send(found.invite, 'redeem', keys.publicKey, nonce, signature));
};
const judged = async (life: Life, id: string, operation: string): Promise<string> => {
  const wish = { action: 'restart', args: ['v1', 'x'], operation };
  const [answer] = await run(life, (turn) => [turn.call(life.book, 'judge', id, wish)]);
  return answer?.code ?? 'ok';
};
const facts = (life: Life, id: string) => run(life, (turn) => turn.call(life.book, 'facts', id));

describe('a grant book on a store', () => {
  it('is found again as it was, with everything that a grant may have', async () => {
    const disk = new MemoryDisk();
    const mark = new MemoryMark();
    let life = await begin(disk, mark);
    const { grant, swissnum } = await make(life, 2);
    await redeem(life, swissnum);
    expect(await judged(life, grant.id, 'op-1')).toBe('ok');
    const before = await facts(life, grant.id);
    await life.store.close();
    life = await begin(disk, mark);
    expect(await facts(life, grant.id)).toEqual(before);
    expect(await judged(life, grant.id, 'op-1')).toBe('ok');
    expect(await judged(life, grant.id, 'op-2')).toBe('ok');
    expect(await judged(life, grant.id, 'op-3')).toBe('used-up');
    expect((await facts(life, grant.id)).usedCount).toBe(2);
  });
  it.each([
    ['a redeemed invite', 'redeemed', 'unconfirmed'],
    ['the last use', 'used up', 'unconfirmed'],
    ['a revocation', 'revoked', 'unconfirmed'],
    ['a use that is not the last one', 'used', 'ok'],
  ])('knows an older database that was put back from before %s', async (_words, what, answer) => {
    const disk = new MemoryDisk();
    const mark = new MemoryMark();
    let life = await begin(disk, mark);
    const one = await make(life, what === 'used up' ? 1 : 2);
    await redeem(life, one.swissnum);
    const other = await make(life, 2);
    const older = disk.image();
    const epoch = life.store.rightsEpoch.now;
    if (what === 'redeemed') await redeem(life, other.swissnum);
    if (what.startsWith('used')) await judged(life, one.grant.id, 'op-1');
    if (what === 'revoked')
      await run(life, (turn) => void turn.call(life.book, 'revoke', 'root', one.grant.id));
    expect(life.store.rightsEpoch.now).toBe(epoch + (answer === 'ok' ? 0 : 1));
    await life.store.close();
    disk.replace(older);
    life = await begin(disk, mark);
    expect(await judged(life, one.grant.id, 'op-2')).toBe(answer);
    if (answer === 'ok') await redeem(life, other.swissnum);
    else await expect(redeem(life, other.swissnum)).rejects.toThrow('no such invite');
  });
});
