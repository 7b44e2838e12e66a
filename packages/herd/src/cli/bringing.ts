/**
 * A release on its way to a slot. What is missing there is asked for page by page, and sent in pieces, some of which
 * are on their way at a time:
 *
 *     offer ──► the manifest is missing ──► sent ──► offer ──► files are missing ──► sent ──► offer ──► nothing is
 *
 *     an answer came                              from then on
 *     soon                                        one more piece may be on its way, up to `mostPieces`
 *     late                                        half as many
 *     and the content does not end where          the content is left, and asked about anew: somebody else brings it,
 *       the piece did                             or the other side has forgotten some
 *
 * Whatever came stays there for a while, so that who begins anew goes on where it ended.
 */
import { ActorError } from '@bellwether/actors';
import { type Missing, type Offer } from '@bellwether/shepherd';
import { contentsOf, writeSignatures } from '@bellwether/deploy';
import type { ReleaseFileReader } from '@bellwether/deploy/node';
import { BadAnswer } from '../client/answers.ts';
import type { Patience } from '../client/line.ts';
import type { ReleaseClient } from '../client/releases.ts';
import { lateMs, mostPieces, mostRounds, pieceBytes } from './limits.ts';

/** What is brought, where to, and who is told. */
export interface Bringing {
  readonly client: ReleaseClient;
  readonly release: ReleaseFileReader;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How long one question waits. */
  readonly patience: Patience;
  /** Bytes that are there by now, of so many that were missing. May throw to end it. */
  readonly told: (doneBytes: number, allBytes: number) => void;
}
/** What was sent. */
export interface Brought {
  readonly pieceCount: number;
  readonly byteCount: number;
}

/** How a release is offered. */
export const offerOf = ({ digest, manifestBytes, signatures }: ReleaseFileReader): Offer => ({
  release: digest,
  manifestBytes: manifestBytes.length,
  ...(signatures.length > 0 && { signatures: writeSignatures(signatures) }),
});

/** Sends what is missing of a release. @throws what the slot refuses, and what keeps it from being reached */
export const bring = async (bringing: Bringing): Promise<Brought> => {
  const { client, release, patience } = bringing;
  const window = new Window(bringing);
  for (let round = 0; round < mostRounds; round += 1) {
    let after: string | undefined;
    for (let isFirst = true; ; isFirst = false) {
      const offer = { ...offerOf(release), ...(after !== undefined && { after }) };
      const { missing, isMore, missingBytes } = await client.offer(offer, patience);
      if (isFirst && missing.length === 0) return window;
      if (missing.length === 0 && isMore === true)
        throw new BadAnswer('offer: more is missing, behind an empty page');
      if (isFirst) window.expect(missingBytes);
      for (const content of missing) {
        if (after !== undefined && content.sha256 <= after)
          throw new BadAnswer(`offer: ${content.sha256} does not stand behind ${after}`);
        await window.send(content);
        after = content.sha256;
      }
      if (isMore !== true || after === undefined) break;
    }
    await window.settle();
  }
  throw new ActorError(
    'not-taken',
    `${release.digest}: some of it is missing there again and again`,
  );
};

/** The pieces that are on their way. */
class Window implements Brought {
  pieceCount = 0;
  byteCount = 0;
  #allBytes = 0;
  #doneBytes = 0;
  #limit = 4;
  #failure: { readonly reason: unknown } | undefined = undefined;
  readonly #flying = new Set<Promise<void>>();
  readonly #left = new Set<string>();
  readonly #bringing: Bringing;
  /** Of all that can be missing. */
  readonly #sizes: ReadonlyMap<string, number>;
  constructor(bringing: Bringing) {
    this.#bringing = bringing;
    const { digest, manifest, manifestBytes } = bringing.release;
    this.#sizes = new Map([
      [digest.slice('rel:sha256-'.length), manifestBytes.length],
      ...contentsOf(manifest).map(({ sha256, size }) => [sha256, size] as const),
    ]);
  }

  expect(bytes: number): void {
    this.#allBytes = this.#doneBytes + bytes;
  }
  /** Sends the rest of a content; settles when its last piece is on its way. */
  async send({ sha256, size, have }: Missing): Promise<void> {
    if (this.#sizes.get(sha256) !== size || have > size)
      throw new BadAnswer(
        `offer: ${have} of ${size} bytes of ${sha256}, which are none of the release`,
      );
    this.#left.delete(sha256);
    let offset = have;
    do {
      const bytes = await this.#read(sha256, offset, Math.min(pieceBytes, size - offset));
      await this.#room();
      if (this.#left.has(sha256)) return;
      this.#put(sha256, offset, bytes);
      offset += bytes.length;
    } while (offset < size);
  }
  /** Waits for all answers. @throws the first failure */
  async settle(): Promise<void> {
    await Promise.all(this.#flying);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
  async #room(): Promise<void> {
    while (this.#flying.size >= this.#limit) await Promise.race(this.#flying);
    this.#check();
    this.#bringing.told(this.#doneBytes, this.#allBytes);
  }
  #read(sha256: string, offset: number, byteCount: number): Promise<Uint8Array> {
    const { release } = this.#bringing;
    if (sha256 !== release.digest.slice('rel:sha256-'.length))
      return release.read(sha256, offset, byteCount);
    return Promise.resolve(release.manifestBytes.slice(offset, offset + byteCount));
  }
  #put(sha256: string, offset: number, bytes: Uint8Array): void {
    const { client, patience, now } = this.#bringing;
    const askedMs = now();
    this.pieceCount += 1;
    this.byteCount += bytes.length;
    const flight = client.put(sha256, offset, bytes, patience).then(
      ({ have }) => {
        const isSoon = now() - askedMs < lateMs;
        this.#limit = isSoon ? Math.min(this.#limit + 1, mostPieces) : this.#limit / 2 + 1;
        if (have === offset + bytes.length) this.#doneBytes += bytes.length;
        else this.#left.add(sha256);
      },
      (reason: unknown) => {
        this.#failure ??= { reason };
      },
    );
    this.#flying.add(flight);
    void flight.then(() => this.#flying.delete(flight));
  }
}
