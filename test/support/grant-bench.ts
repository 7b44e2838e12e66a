/** A grant book in a world of its own, on a disk that fails when it is told to, with a clock that anybody may set. */
import type { Bcom, Behavior, Ref, Turn, World } from '@bellwether/actors';
import {
  isAuditEntry,
  makeGrantBook,
  proveHolder,
  type AuditEntry,
  type BookEntry,
  type BookRecords,
  type Cut,
  type Granted,
  type GrantBook,
  type GrantSpec,
  type Invite,
  type Redeemed,
  type Wish,
} from '@bellwether/authority';
import { makeNobleCrypto, nobleKeyPair, type Crypto, type KeyPair } from '@bellwether/ocapn';
import { checkEntries } from '@bellwether/store';
import { makeBench, runIn, type Bench } from './actors-vat.ts';

/** What outlives a daemon. */
export class GrantDisk {
  readonly found = new Map<string, BookEntry>();
  readonly audits: AuditEntry[] = [];
  commitCount = 0;
  /** The number of the commit that fails, counted from 1, and whether it is on the disk all the same. */
  failing: { readonly at: number; readonly isWritten: boolean } | undefined = undefined;
  /** Throws where it has no room for what somebody asks. */
  checkRoom: () => void = () => undefined;
  /** References that were minted, of which others keep the records. */
  minted: readonly { readonly hash: string; readonly epoch?: number }[] = [];
  epoch = { now: 1, restored: 0 };

  commit(entries: readonly unknown[], done: (failure?: Error) => void): void {
    this.commitCount += 1;
    const isFailing = this.failing?.at === this.commitCount;
    if (!isFailing || this.failing?.isWritten === true)
      for (const entry of entries) this.#put(entry);
    done(isFailing ? new Error('full') : undefined);
  }
  records(): BookRecords {
    const of = <K extends BookEntry['kind']>(kind: K) =>
      [...this.found.values()].filter((entry): entry is Extract<BookEntry, { kind: K }> => {
        return entry.kind === kind;
      });
    return {
      grants: of('grant'),
      revocations: of('revocation'),
      uses: of('uses'),
      invites: of('invite'),
      clockMs: of('clock')[0]?.wallMs ?? 0,
    };
  }
  /** A copy of what there is now, to be put back later. */
  backup(): ReadonlyMap<string, BookEntry> {
    return new Map(this.found);
  }
  restore(backup: ReadonlyMap<string, BookEntry>): void {
    this.found.clear();
    for (const [key, entry] of backup) this.found.set(key, entry);
    const now = this.epoch.now + 1;
    this.epoch = { now, restored: now };
  }
  #put(entry: unknown): void {
    if (isAuditEntry(entry)) {
      this.audits.push(entry);
      return;
    }
    checkEntries([entry]);
    const known = entry as BookEntry;
    if (known.kind === 'purged')
      for (const kind of ['grant', 'revocation', 'uses', 'invite'])
        this.found.delete(`${kind} ${known.id}`);
    else this.found.set(keyOf(known), known);
  }
}
const keyOf = (entry: Exclude<BookEntry, { kind: 'purged' }>): string => {
  if (entry.kind === 'clock') return 'clock';
  return `${entry.kind} ${entry.kind === 'grant' ? entry.grant.id : entry.id}`;
};

/** One life of a book. */
export interface GrantBench extends Bench {
  readonly disk: GrantDisk;
  readonly book: Ref<GrantBook>;
  readonly crypto: Crypto;
  /** Where the clock of the machine stands beside what it should be, in milliseconds. */
  readonly shift: { ms: number };
}
/** The host that these books are of. */
export const designator = 'host';

/** Begins a life on a disk. Every turn is rehearsed: what is not undone with one is found out. */
export const grantBench = async (
  disk = new GrantDisk(),
  shift: { ms: number } = { ms: 0 },
  world?: World,
): Promise<GrantBench> => {
  const bench = makeBench(
    { commit: (entries, done) => disk.commit(entries, done), rehearse: true },
    world,
  );
  const entropy = bench.world.entropy();
  const crypto = makeNobleCrypto((byteCount) => {
    const bytes = new Uint8Array(byteCount);
    entropy.fill(bytes);
    return bytes;
  });
  const clock = bench.world.clock();
  const book = await runIn(bench, (turn) => [
    turn.spawn(makeGrantBook, {
      records: disk.records(),
      minted: disk.minted,
      rightsEpoch: disk.epoch,
      checkRoom: () => disk.checkRoom(),
      clock: { now: () => clock.now(), wall: () => clock.wall() + shift.ms },
      crypto,
      designator,
      uriOf: (swissnum, isLocal) =>
        `${isLocal ? 'local' : 'net'}:${Buffer.from(swissnum).toString('hex')}`,
    }),
  ]);
  return { ...bench, disk, book: book[0] as Ref<GrantBook>, crypto, shift };
};
/** The next life, on the same disk and in the same world. */
export const nextLife = (bench: GrantBench): Promise<GrantBench> => {
  bench.vat.halt();
  return grantBench(bench.disk, bench.shift, bench.world);
};

/** Keys of somebody. */
export const keysOf = (number: number): KeyPair => nobleKeyPair(new Uint8Array(32).fill(number));

/** A spec with something in it. */
export const specOf = (more: Partial<GrantSpec> = {}): GrantSpec => ({
  service: 'web',
  actions: ['status', 'restart'],
  ...more,
});

/** Makes a grant. */
export const make = (
  bench: GrantBench,
  issuer: string,
  spec: Partial<GrantSpec> = {},
): Promise<Granted> => runIn(bench, (turn) => turn.send(bench.book, 'make', issuer, specOf(spec)));

/** The hash of a swissnum, as the registry asks for it. */
export const hashOf = (bench: GrantBench, swissnum: Uint8Array): string =>
  Buffer.from(bench.crypto.sha256(swissnum)).toString('hex');

/** The invite behind a swissnum. */
export const inviteOf = async (bench: GrantBench, swissnum: Uint8Array): Promise<Ref<Invite>> => {
  const found = await runIn(bench, (turn) => [
    turn.call(bench.book, 'find', hashOf(bench, swissnum)),
  ]);
  if (found[0]?.kind !== 'invite') throw new Error('there is no such invite');
  return found[0].invite;
};
/** What a holder does with an invite. */
export const redeem = async (
  bench: GrantBench,
  swissnum: Uint8Array,
  keys: KeyPair,
  dialled = designator,
): Promise<Redeemed> => {
  const invite = await inviteOf(bench, swissnum);
  const { nonce } = await runIn(bench, (turn) => turn.send(invite, 'challenge'));
  const about = { designator: dialled, nonce, inviteHash: bench.crypto.sha256(swissnum) };
  const signature = proveHolder(keys, about);
  return runIn(bench, (turn) => turn.send(invite, 'redeem', keys.publicKey, nonce, signature));
};
/** A grant that somebody holds: its id. */
export const held = async (
  bench: GrantBench,
  issuer: string,
  spec: Partial<GrantSpec> = {},
  keys = keysOf(1),
): Promise<string> => {
  const { grant, swissnum } = await make(bench, issuer, spec);
  await redeem(bench, swissnum, keys);
  return grant.id;
};

/** The code of the answer to a wish, `ok` where it may pass. */
export const judged = async (bench: GrantBench, grant: string, wish: Wish): Promise<string> => {
  const answer = await runIn(bench, (turn) => [turn.call(bench.book, 'judge', grant, wish)]);
  return answer[0]?.code ?? 'ok';
};
/** The answer to a wish as words. */
export const wordsOf = async (bench: GrantBench, grant: string, wish: Wish): Promise<string> => {
  const answer = await runIn(bench, (turn) => [turn.call(bench.book, 'judge', grant, wish)]);
  return answer[0]?.message ?? 'ok';
};

/** Something that lives off a grant, and says so when it heard of the end. */
interface Ear extends Cut {
  isCut(): boolean;
}
const makeEar = (
  turn: Turn<Ear>,
  _bcom: Bcom<Ear>,
  heard: string[],
  name: string,
): Behavior<Ear> => {
  const isCut = turn.cell(false);
  return {
    cut: (turn, why) => {
      isCut.set(true);
      turn.effect(() => heard.push(`${name}: ${why.code}`));
    },
    isCut: () => isCut.get(),
  };
};
/** Has it live off a grant. */
export const hear = (
  bench: GrantBench,
  grant: string,
  heard: string[],
  name = grant,
): Promise<Ref<Ear>> =>
  runIn(bench, (turn) => {
    const ear = turn.spawn(makeEar, heard, name);
    turn.call(bench.book, 'hold', grant, ear);
    return [ear];
  }).then(([ear]) => ear as Ref<Ear>);
