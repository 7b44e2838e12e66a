/** Selectors as texts and as conditions: what each means, and that nothing else is one. */
import {
  isName,
  isPicked,
  isSelection,
  limits,
  parseSelector,
  selectionName,
} from '@bellwether/shepherd';
import { isCalled, selectorText, unknownKeysIn, whyNobody, type Term } from '@bellwether/shepherd';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSelectedCount } from '../../../packages/shepherd/src/words/selectors.ts';

const labelText = fc.stringMatching(/^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,10}[A-Za-z0-9])?$/);
const term: fc.Arbitrary<Term> = fc.oneof(
  fc.record({ kind: fc.constantFrom('equals', 'differs'), key: labelText, text: labelText }),
  fc.record({ kind: fc.constantFrom('has', 'lacks'), key: labelText }),
);
const selector = fc.array(term, { minLength: 1, maxLength: limits.selectorTermCount });
const few = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(few, fc.constantFrom('', 'x', 'y'), { noNullPrototype: true });

describe('the text of a selector', () => {
  it('is read back as what it was made from', () => {
    fc.assert(
      fc.property(selector, (one) => {
        expect(parseSelector(selectorText(one))).toEqual(one);
      }),
    );
  });
  it('may have blanks around terms and signs, and two signs for equal', () => {
    expect(selectorText(parseSelector(' role = web , ! canary,tier == db, zone != a '))).toBe(
      'role=web,!canary,tier=db,zone!=a',
    );
  });
  it('is read or refused as such, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a=!, ]{0,9}$/)), (text) => {
        try {
          expect(parseSelector(selectorText(parseSelector(text)))).toEqual(parseSelector(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-selector' });
        }
      }),
    );
  });
  it.each([
    ['', 'the selector has an empty term'],
    ['role=web,', 'the selector has an empty term'],
    [
      'role=',
      "'role=' says nothing of what 'role' is; 'role' alone is for all that have that label",
    ],
    ['role!=', "'role!=' says nothing"],
    ['=web', "'=web' is no term of a selector"],
    ['role=a=b', "'role=a=b' is no term of a selector"],
    ['role in (a)', "'role in (a)' is no term of a selector"],
    ['!role=web', "'!role=web' is no term of a selector"],
    ['-role', "'-role' is no key of a label: those have 1 to 63 letters"],
    ['ro/le=web', "'ro/le' is no key of a label"],
    ['role=wéb', "'wéb' is no text of a label"],
  ])('is refused where it means nothing: %j', (text, words) => {
    expect(() => parseSelector(text)).toThrow(words);
  });
  it('has so many terms and characters, and no more', () => {
    const most = limits.labelCharacters;
    const longest = `${'k'.repeat(most)}!=${'v'.repeat(most)}`;
    const all = (count: number): string => Array.from({ length: count }, () => longest).join(',');
    const { selectorTermCount: count, selectorCharacters } = limits;
    expect(parseSelector(all(count))).toHaveLength(count);
    expect(all(count).length).toBeLessThanOrEqual(selectorCharacters);
    expect(() => parseSelector(Array.from({ length: count + 1 }, () => 'a').join(','))).toThrow(
      'the selector has over 16 terms',
    );
    const padded = (length: number): string => `a${' '.repeat(length - 1)}`;
    expect(parseSelector(padded(selectorCharacters))).toHaveLength(1);
    expect(() => parseSelector(padded(selectorCharacters + 1))).toThrow('over 2080 characters');
  });
});

describe('a selector', () => {
  it('holds where all of its terms do, in any order', () => {
    fc.assert(
      fc.property(selector, labels, (one, all) => {
        expect(isPicked(one, all)).toBe(one.every((each) => isPicked([each], all)));
        expect(isPicked([...one].reverse(), all)).toBe(isPicked(one, all));
      }),
    );
  });
  it('has an opposite for each term', () => {
    fc.assert(
      fc.property(few, fc.constantFrom('x', 'y'), labels, (key, text, all) => {
        expect(isPicked([{ kind: 'differs', key, text }], all)).toBe(
          !isPicked([{ kind: 'equals', key, text }], all),
        );
        expect(isPicked([{ kind: 'lacks', key }], all)).toBe(
          !isPicked([{ kind: 'has', key }], all),
        );
      }),
    );
  });
  it.each([
    ['role=web', { role: 'web' }, true],
    ['role=web', { role: 'db' }, false],
    ['role=web', {}, false],
    ['role!=web', {}, true],
    ['canary', { canary: '' }, true],
    ['!canary', { canary: '' }, false],
    ['role=web,!canary', { role: 'web', canary: '1' }, false],
    // What every object has by birth is no label.
    ['constructor', {}, false],
    ['!toString', {}, true],
  ])('%s of %j is %j', (text, all, expected) => {
    expect(isPicked(parseSelector(text), all)).toBe(expected);
  });
});

it('as many services may be picked out as one answer has rows, and no more', () => {
  expect(() => checkSelectedCount(limits.rowCount)).not.toThrow();
  expect(() => checkSelectedCount(limits.rowCount + 1)).toThrow(
    `${limits.rowCount + 1} services were picked out, at most ${limits.rowCount} are taken`,
  );
});

it('a service is called by its name, at whatever machine it is', () => {
  expect(isCalled(['web-server'], 'web-server')).toBe(true);
  expect(isCalled(['x', 'web-server@web-07'], 'web-server')).toBe(true);
  expect(isCalled(['web-server@web-07'], 'web-server@web-07')).toBe(true);
  expect(isCalled(['web-server-2', 'web', 'x@web-server'], 'web-server')).toBe(false);
});

describe('why nobody was picked out', () => {
  const all = [{ role: 'web', zone: 'a' }, { role: 'db' }, { canary: '' }];
  const why = (text: string, labels: readonly Record<string, string>[] = all): string =>
    whyNobody(parseSelector(text), labels);
  it('is told in the labels that there are', () => {
    expect(why('roel=web')).toBe("none has a label 'roel': was 'role' meant?");
    expect(why('region')).toBe("none has a label 'region': there are canary, role, zone");
    expect(why('role=wbe')).toBe("none has role=wbe: was 'role=web' meant?");
    expect(why('role=cache')).toBe("none has role=cache: of 'role' there is db, web");
    expect(why('canary=1')).toBe("none has canary=1: of 'canary' there is one without a text");
    expect(why('role=db,zone=a')).toBe('no one has all of that');
    expect(why('role=web', [{}, {}])).toBe('none of them has a label');
  });
  it('names so many labels, and no more', () => {
    const some = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'x']));
    const { shownLabelCount: most } = limits;
    expect(why('other', [some(most)])).not.toContain('…');
    expect(why('other', [some(most + 1)])).toMatch(/k7, …$/);
  });
  it('leaves a slip in what they should not have to be told apart', () => {
    const keys = (text: string): readonly string[] => unknownKeysIn(parseSelector(text), all);
    expect(keys('!canray,tier!=db,tier!=x,role=web')).toEqual(['canray', 'tier']);
    expect(keys('!canary,role!=db,other')).toEqual([]);
  });
});

describe('the name of what was picked out', () => {
  it('is a name, and that of no service', () => {
    fc.assert(
      fc.property(
        selector,
        fc.constantFrom(undefined, 'web-server', 'x'.repeat(128)),
        (one, of) => {
          const name = selectionName(one, of);
          expect(isName(name)).toBe(true);
          expect(isSelection(name)).toBe(true);
        },
      ),
    );
    expect(['web', 'web@a', '{role=web}x'].filter(isSelection)).toEqual([]);
  });
  it('says what was typed', () => {
    expect(selectionName(parseSelector('role = web, !canary'), 'web')).toBe(
      'web{role=web,!canary}',
    );
    expect(selectionName(parseSelector('role'))).toBe('{role}');
  });
});
