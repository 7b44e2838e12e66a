/** What of an operation its asker is shown through a grant. */
import type { Event, Outcome, Row } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { grantedOutcome, grantedRowEvent } from '../../../packages/fleet/src/granted/view.ts';

const output = ['DB_PASSWORD=hunter2'];
const row: Row = { member: 'web', result: 'failed', reason: 'it ended', output };
const outcome: Outcome = { ...row, isLate: true, rows: [row] };
const event: Event = { kind: 'row', row };

describe('the last lines of a service that did not start', () => {
  it.each(['start', 'restart'])('are for those who may read its log: %s', (action) => {
    const silent = { actions: [action, 'status'] };
    const shown = grantedOutcome(silent, action, outcome);
    expect(JSON.stringify([shown, grantedRowEvent(silent, action, event)])).not.toContain(
      'hunter2',
    );
    expect(shown).toEqual({
      member: 'web',
      result: 'failed',
      reason: 'it ended',
      isLate: true,
      rows: [{ member: 'web', result: 'failed', reason: 'it ended' }],
    });
    const loud = { actions: [action, 'log'] };
    expect(grantedOutcome(loud, action, outcome)).toEqual(outcome);
    expect(grantedRowEvent(loud, action, event)).toEqual(event);
  });
});

describe('what a command says', () => {
  it('is the answer to whoever may run it', () => {
    const terms = { actions: ['greet'] };
    expect(grantedOutcome(terms, 'greet', outcome)).toEqual(outcome);
    expect(grantedRowEvent(terms, 'greet', event)).toEqual(event);
  });
});
