/** The words of a switch: what is written is read as it was meant, and nothing else is taken for one. */
import { readSlotWord, readSlotWords, slotWords, type SlotWords } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const digits = 'ab'.repeat(32);
const release = `rel:sha256-${digits}` as const;

describe('the words of a switch', () => {
  it.each<SlotWords>([
    {},
    { release },
    { release, confirmMs: 60_000, acceptsLoss: true },
    { isUnconfirmed: true },
  ])('%j are written, and read again', (words) => {
    expect(readSlotWords(slotWords(words))).toEqual(words);
  });
  it('name a release by its digits alone, or by six of them', () => {
    expect(readSlotWord(digits)).toEqual({ release });
    expect(readSlotWord('abcdef')).toEqual({ release: 'rel:sha256-abcdef' });
  });
  it('round up to whole seconds', () => {
    expect(slotWords({ confirmMs: 1_001 })).toEqual(['confirm=2']);
  });
  it.each([
    '',
    'abcde',
    'ABCDEF',
    `${digits}0`,
    'confirm=',
    'confirm=1234567',
    'confirm=-1',
    'rel:abcdef',
  ])('are not %j', (word) => expect(readSlotWord(word)).toBeUndefined());
});
