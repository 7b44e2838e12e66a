/** What an operation says about a service. */
import { topics } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { linesOf, sayingOf, topicWords } from '../../../packages/shepherd/src/words/wording.ts';

describe('a reason in a line', () => {
  it.each([
    ['nobody listens there', 'Service web: nobody listens there.'],
    ['Nothing was sent; start it again.', 'Service web: Nothing was sent; start it again.'],
    ['Service web depends on net.', 'Service web depends on net.'],
  ])('%s: ends with one full stop', (reason, text) => {
    const outcome = { member: 'web', result: 'unreachable' as const, reason, rows: [] };
    expect(linesOf('start', outcome, true)).toEqual([{ about: 'web', text }]);
  });
});

describe('a line of a topic', () => {
  it('says its service, what of it, and the other one where there is one', () => {
    for (const what of topics) {
      const { text, ...fields } = sayingOf(what, 'web', 'net');
      expect(fields).toEqual({ about: 'web', what, on: 'net' });
      expect(text.toLowerCase()).toContain('service web');
      expect(topicWords(what, 'Another service')).not.toMatch(/web|net/);
    }
  });
  it('has none for an action that means something only to one who configured it', () => {
    for (const action of ['constructor', 'toString', 'reload']) {
      expect(linesOf(action, { member: 'web', result: 'changed', rows: [] }, true)).toEqual([]);
    }
  });
});
