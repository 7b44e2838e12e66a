/** Bringing a release to a slot that does as the test says. */
import crypto from 'node:crypto';
import { carrierLimits, type Digest } from '@bellwether/deploy';
import type { ReleaseFileReader } from '@bellwether/deploy/node';
import type { Missing, Offer, Offered, Put } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { bring } from '../../../packages/herd/src/cli/deploy/bringing.ts';

const shaOf = (bytes: Uint8Array): string =>
  crypto.createHash('sha256').update(bytes).digest('hex');
const bytesOf = (count: number, fill = 1): Uint8Array => new Uint8Array(count).fill(fill);

/** A slot in memory, and how its answers can be spoiled. */
class FakeSlot {
  readonly contents = new Map<string, { readonly size: number; bytes: number }>();
  readonly puts: { readonly sha256: string; readonly offset: number; readonly length: number }[] =
    [];
  readonly offers: Offer[] = [];
  /** How many pieces were on their way at a time, at most. */
  mostFlying = 0;
  pageCount = Infinity;
  /** Looked at before each piece. */
  before: (number: number) => Promise<void> | void = () => undefined;
  #flying = 0;
  readonly manifest: string;
  constructor(files: readonly Uint8Array[], manifest: Uint8Array) {
    this.manifest = shaOf(manifest);
    for (const each of [manifest, ...files])
      this.contents.set(shaOf(each), { size: each.length, bytes: each.length === 0 ? -1 : 0 });
  }
  async offer(offer: Offer): Promise<Offered> {
    this.offers.push(offer);
    await Promise.resolve();
    const lacking = [...this.contents]
      .filter(([, { size, bytes }]) => bytes < size)
      .map(([sha256, { size, bytes }]): Missing => ({ sha256, size, have: Math.max(0, bytes) }))
      .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    const first = lacking.filter(({ sha256 }) => sha256 === this.manifest);
    const { after = '' } = offer;
    const rest = (first.length > 0 ? first : lacking).filter(({ sha256 }) => sha256 > after);
    const missing = rest.slice(0, this.pageCount);
    const missingBytes = lacking.reduce((sum, { size, have }) => sum + size - have, 0);
    const isMore = rest.length > missing.length;
    return { missing, missingCount: rest.length, missingBytes, ...(isMore && { isMore }) };
  }
  async put(sha256: string, offset: number, { length }: Uint8Array): Promise<Put> {
    this.puts.push({ sha256, offset, length });
    this.#flying += 1;
    this.mostFlying = Math.max(this.mostFlying, this.#flying);
    const number = this.puts.length;
    await Promise.resolve();
    try {
      await this.before(number);
    } finally {
      this.#flying -= 1;
    }
    const content = this.contents.get(sha256);
    if (content === undefined) throw new Error('nobody said that this is missing');
    if (Math.max(0, content.bytes) === offset) content.bytes = offset + length;
    return { have: content.bytes };
  }
}
const releaseOf = (files: readonly Uint8Array[], manifest: Uint8Array): ReleaseFileReader => {
  const byDigest = new Map(files.map((each) => [shaOf(each), each]));
  return {
    digest: `rel:sha256-${shaOf(manifest)}` as Digest,
    manifestBytes: manifest,
    manifest: {
      files: files.map((each, at) => ({
        path: `f${at}`,
        mode: 420,
        size: each.length,
        sha256: shaOf(each),
      })),
    },
    signatures: [],
    read: (sha256: string, offset: number, count: number) =>
      Promise.resolve((byDigest.get(sha256) ?? bytesOf(0)).slice(offset, offset + count)),
  } as unknown as ReleaseFileReader;
};
const set = (files: readonly Uint8Array[], manifest = bytesOf(10, 9)) => {
  const slot = new FakeSlot(files, manifest);
  let nowMs = 0;
  const told: string[] = [];
  const bringing = {
    client: slot,
    release: releaseOf(files, manifest),
    now: () => nowMs,
    patience: { waitMs: 1 },
    told: (done: number, all: number) => void told.push(`${done} of ${all}`),
  };
  return { slot, bringing, told, pass: (ms: number) => void (nowMs += ms) };
};

describe('bringing a release', () => {
  it('sends the manifest, then what is missing, each byte once, and stops when nothing is', async () => {
    const files = [bytesOf(carrierLimits.pieceBytes + 5, 1), bytesOf(3, 2), bytesOf(0)];
    const { slot, bringing, told } = set(files, bytesOf(2 * carrierLimits.pieceBytes, 9));
    const { pieceCount, byteCount } = await bring(bringing);
    expect(slot.puts.slice(0, 2).map(({ sha256 }) => sha256)).toEqual([
      slot.manifest,
      slot.manifest,
    ]);
    expect(pieceCount).toBe(6);
    expect(byteCount).toBe(3 * carrierLimits.pieceBytes + 8);
    expect([...slot.contents.values()].every(({ size, bytes }) => size === bytes)).toBe(true);
    expect(slot.offers).toHaveLength(3);
    expect(told.at(-1)).toMatch(/ of 196616$/);
  });
  it('sends nothing where all is there', async () => {
    const { slot, bringing } = set([]);
    await bring(bringing);
    slot.puts.length = 0;
    expect(await bring(bringing)).toMatchObject({ pieceCount: 0, byteCount: 0 });
  });
  it('goes on where a content ends, also where only its end is missing', async () => {
    const [half, full] = [bytesOf(100, 1), bytesOf(50, 2)];
    const { slot, bringing } = set([half, full]);
    slot.contents.set(shaOf(half), { size: 100, bytes: 60 });
    slot.contents.set(shaOf(full), { size: 50, bytes: 49 });
    expect(await bring(bringing)).toMatchObject({ byteCount: 10 + 40 + 1 });
  });
  it('asks for one page after another', async () => {
    const files = Array.from({ length: 7 }, (_none, at) => bytesOf(at + 1, at));
    const { slot, bringing } = set(files);
    slot.pageCount = 3;
    expect(await bring(bringing)).toMatchObject({ pieceCount: 8 });
    const pages = slot.offers.filter(({ after }) => after !== undefined);
    expect(pages.length).toBeGreaterThan(0);
  });
  it('asks anew about a content of which the slot has forgotten some', async () => {
    const file = bytesOf(5 * carrierLimits.pieceBytes, 1);
    const { slot, bringing } = set([file]);
    slot.before = (number) => {
      const content = slot.contents.get(shaOf(file));
      if (number === 4 && content) content.bytes = 0;
    };
    await bring(bringing);
    expect(slot.contents.get(shaOf(file))).toEqual({ size: file.length, bytes: file.length });
  });
  it('has so many pieces on their way, and no more', async () => {
    const { slot, bringing } = set([bytesOf(300 * carrierLimits.pieceBytes, 1)]);
    slot.before = () => new Promise((resolve) => setImmediate(resolve));
    await bring(bringing);
    expect(slot.mostFlying).toBe(carrierLimits.pieceCount);
  });
  it('has few on their way where answers come late', async () => {
    const { slot, bringing, pass } = set([bytesOf(100 * carrierLimits.pieceBytes, 1)]);
    slot.before = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      pass(1_000);
    };
    await bring(bringing);
    expect(slot.mostFlying).toBeLessThanOrEqual(4);
  });
  it('ends with the refusal of a piece, and sends nothing more', async () => {
    const { slot, bringing } = set([bytesOf(100 * carrierLimits.pieceBytes, 1)]);
    slot.before = (number) => {
      if (number === 10) throw new Error('revoked');
    };
    await expect(bring(bringing)).rejects.toThrow('revoked');
    expect(slot.puts.length).toBeLessThan(10 + carrierLimits.pieceCount);
  });
  it('gives up where the same is missing again and again', async () => {
    const { slot, bringing } = set([bytesOf(10, 1)]);
    slot.before = () => {
      for (const content of slot.contents.values()) content.bytes = -1;
    };
    await expect(bring(bringing)).rejects.toMatchObject({ code: 'not-taken' });
    expect(slot.offers).toHaveLength(carrierLimits.roundCount);
  });
  it('ends with an empty page behind which more is said to be missing', async () => {
    const file = bytesOf(10, 1);
    const { slot, bringing } = set([file]);
    slot.offer = (offer) => {
      slot.offers.push(offer);
      if (slot.offers.length > 10) throw new Error('it is asked for ever');
      const missing = offer.after === undefined ? [{ sha256: shaOf(file), size: 10, have: 0 }] : [];
      return Promise.resolve({ missing, missingCount: 1, missingBytes: 10, isMore: true });
    };
    await expect(bring(bringing)).rejects.toMatchObject({ code: 'bad-answer' });
  });
  it('ends with what is no answer: a stranger, another size, more than there is, a page again', async () => {
    const file = bytesOf(10, 1);
    const [sha256, stranger] = [shaOf(file), 'f'.repeat(64)];
    for (const missing of [
      [{ sha256: stranger, size: 10, have: 0 }],
      [{ sha256, size: 11, have: 0 }],
      [{ sha256, size: 10, have: 11 }],
      [{ sha256, size: 10, have: 0 }],
    ]) {
      const { slot, bringing } = set([file]);
      slot.offer = () =>
        Promise.resolve({ missing, missingCount: 1, missingBytes: 10, isMore: true });
      await expect(bring(bringing)).rejects.toMatchObject({ code: 'bad-answer' });
      expect(slot.puts.length).toBeLessThan(2);
    }
  });
});
