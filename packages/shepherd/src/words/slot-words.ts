/**
 * The words by which a slot is told what to switch to, and how; whoever stands before it reads them, too:
 *
 *     rel:sha256-DIGITS    a release; `rel:sha256-` may be left out, and the end of the digits, but for the first six
 *     confirm=SECONDS      it goes back by itself, unless somebody confirms it before
 *     no-confirm           it stays once it is well
 *     accept-data-loss     also where what a newer release has written may be lost
 */

/** The name of a release: the SHA-256 of its manifest's text, in hex. */
export type Digest = `rel:sha256-${string}`;
/** What the words say together. */
export interface SlotWords {
  /** Its name, or how that begins. */
  readonly release?: Digest;
  /** Milliseconds; absent: as the slot has it. */
  readonly confirmMs?: number;
  readonly isUnconfirmed?: true;
  readonly acceptsLoss?: true;
}

/** What one word says; undefined for what is none of these. */
export const readSlotWord = (word: string): SlotWords | undefined => {
  if (word === 'no-confirm') return { isUnconfirmed: true };
  if (word === 'accept-data-loss') return { acceptsLoss: true };
  const [, seconds] = /^confirm=(\d{1,6})$/.exec(word) ?? [];
  if (seconds !== undefined) return { confirmMs: 1_000 * Number(seconds) };
  const release = beginningOf(word);
  return release && { release };
};
/** What all of them say: of two that say the same the last one counts, since a slot refuses them. */
export const readSlotWords = (args: readonly string[]): SlotWords =>
  args.reduce<SlotWords>((read, each) => ({ ...read, ...readSlotWord(each) }), {});

/** The words for it. */
export const slotWords = ({
  release,
  confirmMs,
  isUnconfirmed,
  acceptsLoss,
}: SlotWords): readonly string[] => [
  ...(release === undefined ? [] : [release]),
  ...(confirmMs === undefined ? [] : [`confirm=${Math.ceil(confirmMs / 1_000)}`]),
  ...(isUnconfirmed === true ? ['no-confirm'] : []),
  ...(acceptsLoss === true ? ['accept-data-loss'] : []),
];

/** Whether a text is the name of a release. */
export const isDigest = (text: string): text is Digest => /^rel:sha256-[0-9a-f]{64}$/.test(text);
/** The name, or its beginning, that a word means. Undefined for what is neither. */
export const beginningOf = (word: string): Digest | undefined => {
  const [, digits] = /^(?:rel:sha256-)?([0-9a-f]{6,64})$/.exec(word) ?? [];
  return digits === undefined ? undefined : `rel:sha256-${digits}`;
};
/** The digits of a name: the SHA-256 of its manifest. */
export const sha256Of = (name: string): string => name.replace(/^rel:sha256-/, '');
