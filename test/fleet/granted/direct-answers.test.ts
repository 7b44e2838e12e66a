/** What a host says of a grant that it has made: taken to its limits, and told without its secret where it is wrong. */
import { FLEET_LIMITS } from '@bellwether/fleet';
import { expect, it } from 'vitest';
import { readMadeThere } from '../../../packages/fleet/src/granted/direct-answers.ts';

const answer = { grant: { id: 'g-1' }, invite: 'ocapn://x/s/secret', inviteExpiresMs: 7 };
const read = (more: Readonly<Record<string, unknown>> = {}) =>
  readMadeThere({ ...answer, ...more }, 'web');
const uri = (length: number): string => 'ocapn://'.padEnd(length, 'x');

it('an answer is taken with what is known of it, its end where it has one', () => {
  const { invite, inviteExpiresMs } = answer;
  expect(read()).toEqual({ grant: 'g-1', invite, inviteExpiresMs });
  expect(read({ grant: { id: 'g-1', expiresMs: 9, state: 'live' }, more: true })).toEqual({
    grant: 'g-1',
    expiresMs: 9,
    invite,
    inviteExpiresMs,
  });
});
it('an invite is as long as its limit, and no longer', () => {
  const most = uri(FLEET_LIMITS.uriLength);
  expect(read({ invite: most }).invite).toBe(most);
  expect(() => read({ invite: `${most}x` })).toThrow('at most 4096 characters');
});
it('an id is as long as its limit, and no longer', () => {
  const most = 'g'.repeat(FLEET_LIMITS.nameLength);
  expect(read({ grant: { id: most } }).grant).toBe(most);
  expect(() => read({ grant: { id: `${most}g` } })).toThrow('the answer of web');
});
it.each(['g-1;reboot', '$(reboot)', '-g', "g'1", 'g-1\u202e', ''])(
  'an id is nothing that a terminal or a shell would take for anything else: %s',
  (id) => {
    expect(() => read({ grant: { id } })).toThrow('expected the id of a grant');
  },
);
it.each([
  ['of two lines', { invite: 'ocapn://x/s/secret\nocapn://y' }],
  ['of another kind', { invite: 'https://x/s/secret' }],
  ['that is nothing', { invite: undefined }],
  ['with a time that is none', { inviteExpiresMs: -1 }],
  ['of which grant nobody says', { grant: {} }],
])('an invite %s is refused, and not told', (_words, more) => {
  const refusal = (() => {
    try {
      return read(more);
    } catch (error) {
      return error as Error & { readonly code: string };
    }
  })();
  expect(refusal).toMatchObject({ code: 'malformed' });
  expect(JSON.stringify([refusal, String(refusal)])).not.toContain('secret');
});
