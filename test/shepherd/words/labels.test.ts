import { describe, expect, it } from 'vitest';
import { isLabelKey, isLabelValue, labelTexts, limits, readLabels } from '@bellwether/shepherd';

describe('a label', () => {
  it('has a key of letters, digits and what may stand between them, up to a limit', () => {
    const most = 'a'.repeat(limits.labelCharacters);
    expect(['role', 'Role2', 'a_b.c-d', '7', most].map(isLabelKey)).toEqual(Array(5).fill(true));
    const wrong = [
      '',
      `${most}a`,
      '-a',
      'a-',
      '!a',
      'a=b',
      'a,b',
      'a b',
      'a/b',
      'ä',
      '__proto__',
      7,
    ];
    expect(wrong.filter(isLabelKey)).toEqual([]);
  });
  it('has a text of the same kind, or an empty one', () => {
    expect(['', 'web', '1.2.3'].map(isLabelValue)).toEqual([true, true, true]);
    expect(
      [' ', 'a=b', undefined, 'x'.repeat(limits.labelCharacters + 1)].filter(isLabelValue),
    ).toEqual([]);
  });
  it('is shown as it is typed, in the order of the keys', () => {
    expect(labelTexts({ tier: 'db', canary: '' })).toEqual(['canary', 'tier=db']);
  });
});

describe('labels from elsewhere', () => {
  const some = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'x']));
  it('are read up to a count', () => {
    expect(readLabels(some(limits.labelCount), 'labels')).toEqual(some(limits.labelCount));
    expect(() => readLabels(some(limits.labelCount + 1), 'labels')).toThrow(
      'labels: 33 labels, at most 32 are taken',
    );
  });
  it('are those that could be labels here', () => {
    const odd = { role: 'web', 'a/b': 'x', tier: 'a b' };
    expect(readLabels(odd, 'labels')).toEqual({ role: 'web' });
  });
  it('are a struct', () => {
    for (const none of ['role=web', ['role'], null, 7, { role: 7 }])
      expect(() => readLabels(none, 'labels')).toThrow(/^labels(.role)?: expected a st/);
  });
});
