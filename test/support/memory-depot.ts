/** A disk for releases in memory: the twin of the real depot (test/deploy/node/depot.test.ts). It outlives the daemon. */
import { ActorError, type Answer } from '@bellwether/actors';
import { hexOf } from '@bellwether/authority';
import type { Crypto } from '@bellwether/ocapn';
import type { Shelf } from '../../packages/deploy/src/carrier/types.ts';
import { contentsOf, readManifest } from '../../packages/deploy/src/release/manifest.ts';
import type { Digest, Manifest } from '../../packages/deploy/src/release/types.ts';
import { inspected } from '../../packages/deploy/src/slot/inspect.ts';
import {
  contentAt,
  packedLacking,
  type PackedLacking,
} from '../../packages/deploy/src/slot/packed.ts';
import type { Depot, PackedContents, PieceOf } from '../../packages/deploy/src/slot/types.ts';
import { PartialQuota } from '../../packages/deploy/src/slot/quota.ts';

/** What of a node's disk is for releases. */
export class MemoryDepots {
  /** Contents that are whole, by SHA-256. */
  readonly contents = new Map<string, Uint8Array>();
  /** Trees by slot and release. */
  readonly trees = new Map<string, Map<Digest, Manifest>>();
  /** What the disk says is active. */
  readonly current = new Map<string, Digest>();
  /** What is different in a tree from when it was made. */
  readonly misfits = new Map<Digest, readonly string[]>();
  /** Who has given up what he has brought for nothing, each time, and how much that is said to be. */
  readonly givenUp: (readonly string[])[] = [];
  idleCount = 0;
  /** All that was asked, in order: `build web rel:…`. */
  readonly asked: string[] = [];
  /** The number of the call, from 1, from which on the disk is full; undefined: it never is. */
  fullFrom: number | undefined = undefined;
  /** The number of the one call that fails. */
  failAt: number | undefined = undefined;
  /** Milliseconds that each call takes. */
  answerMs = 2;
  readonly #quota = new PartialQuota();
  readonly #parts = new Map<string, Uint8Array>();
  readonly #crypto: Pick<Crypto, 'sha256'>;
  constructor(crypto: Pick<Crypto, 'sha256'>) {
    this.#crypto = crypto;
  }

  /**
   * The depot of one slot as one life of the daemon sees it; `say` carries its answers, and loses them with
   * that life.
   */
  of(slot: string, say: (ms: number, task: () => void) => void): Depot {
    const trees = this.trees.get(slot) ?? new Map<Digest, Manifest>();
    this.trees.set(slot, trees);
    const act = this.#acting(say);
    return {
      folder: (release) => `/releases/${slot}/${release}`,
      ...this.#contentsFor(slot, act),
      build: (release, _signatures, answer) => {
        const isSound = trees.has(release) && !this.misfits.has(release);
        const build = (): readonly string[] => {
          if (!isSound) trees.set(release, this.#verified(release));
          const misfits = this.misfits.get(release) ?? [];
          this.misfits.delete(release);
          return misfits;
        };
        act(`build ${slot} ${release}`, answer, build, isSound);
      },
      check: (release, answer) => {
        const check = (): readonly string[] =>
          trees.has(release) ? (this.misfits.get(release) ?? []) : ['it is not there'];
        act(`check ${slot} ${release}`, answer, check, true);
      },
      point: (release, answer) =>
        act(`point ${slot} ${release ?? '-'}`, answer, () => {
          if (release !== undefined && !trees.has(release))
            throw new ActorError('not-here', `${release}: is not here`);
          if (release === undefined) this.current.delete(slot);
          else this.current.set(slot, release);
        }),
      keep: (releases, answer) =>
        act(`keep ${slot}`, answer, () => {
          for (const release of trees.keys())
            if (!releases.includes(release)) trees.delete(release);
        }),
      giveUp: (askers, answer) =>
        act(`give up ${slot}`, answer, () => {
          this.givenUp.push(askers);
          return this.idleCount;
        }),
    };
  }

  /** The shelf, likewise. */
  shelf(say: (ms: number, task: () => void) => void): Shelf {
    const act = this.#acting(say);
    return {
      ...this.#contentsFor('shelf', act),
      piece: (sha256, offset, byteCount, answer) =>
        act('piece shelf', answer, () => this.#whole(sha256).slice(offset, offset + byteCount)),
      keep: (_releases, answer) => act('keep shelf', answer, () => undefined),
    };
  }
  #contentsFor(slot: string, act: Acting): Pick<Depot, 'missing' | 'put' | 'read' | 'inspect'> {
    return {
      missing: (asker, contents, answer) =>
        act(`missing ${slot}`, answer, () => this.#missing({ slot, asker }, contents)),
      put: (asker, piece, answer) =>
        act(`put ${slot}`, answer, () => this.#put({ slot, asker }, piece)),
      read: (content, answer) => act(`read ${slot}`, answer, () => this.#whole(content.sha256)),
      inspect: (release, answer) =>
        act(`inspect ${slot}`, answer, () =>
          inspected(release, this.#whole(release.slice('rel:sha256-'.length)), this.#crypto),
        ),
    };
  }
  #acting(say: (ms: number, task: () => void) => void): Acting {
    const waiting: (() => void)[] = [];
    return (what, answer, work, onlyReads = false) => {
      this.asked.push(what);
      const number = this.asked.length;
      const fails = number === this.failAt || (!onlyReads && number >= (this.fullFrom ?? Infinity));
      // In the order in which it was asked, whatever the order of timers.
      waiting.push(() => {
        if (fails) return answer.broken(new ActorError('no-room', 'the disk is full (ENOSPC)'));
        try {
          const value = work();
          say(1, () => answer.kept(value));
        } catch (reason) {
          answer.broken(reason);
        }
      });
      say(this.answerMs, () => waiting.shift()?.());
    };
  }

  #missing(
    owner: { readonly slot: string; readonly asker: string },
    list: PackedContents,
  ): PackedLacking {
    const contents = Array.from({ length: list.count }, (_, at) => contentAt(list, at));
    for (const { sha256, size } of contents)
      if ((this.contents.get(sha256)?.length ?? size) !== size)
        throw new ActorError('wrong-content', `${sha256}: has not ${size} bytes`);
    return packedLacking(
      contents
        .filter(({ sha256 }) => !this.contents.has(sha256))
        .map((content) => ({ ...content, have: this.#quota.have(owner, content.sha256) })),
    );
  }
  #put(
    owner: { readonly slot: string; readonly asker: string },
    { sha256, size, offset, bytes }: PieceOf,
  ): { readonly have: number } {
    if (this.contents.has(sha256)) return { have: size };
    const key = `${owner.slot} ${owner.asker} ${sha256}`;
    const before = this.#parts.get(key) ?? new Uint8Array();
    if (offset !== before.length) return { have: before.length };
    this.#quota.check(owner, sha256, bytes.length);
    const whole = new Uint8Array(before.length + bytes.length);
    whole.set(before);
    whole.set(bytes, before.length);
    const isWhole = whole.length === size;
    if (!isWhole) this.#parts.set(key, whole);
    else this.#parts.delete(key);
    this.#quota.set(owner, sha256, isWhole ? 0 : whole.length);
    if (!isWhole) return { have: whole.length };
    if (hexOf(this.#crypto.sha256(whole)) !== sha256)
      throw new ActorError('wrong-content', `${sha256}: its bytes are not what it says`);
    this.contents.set(sha256, whole);
    return { have: size };
  }
  #whole(sha256: string): Uint8Array {
    const bytes = this.contents.get(sha256);
    if (bytes === undefined) throw new ActorError('not-here', `there is no content ${sha256}`);
    return bytes;
  }
  #verified(release: Digest): Manifest {
    const manifest = readManifest(this.#whole(release.slice('rel:sha256-'.length)));
    for (const { sha256 } of contentsOf(manifest)) this.#whole(sha256);
    return manifest;
  }
}
type Acting = (what: string, answer: Answer, work: () => unknown, onlyReads?: boolean) => void;
