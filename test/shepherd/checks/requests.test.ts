/** Every bound of a request, at the limit and one over it. */
import { describe, expect, it } from 'vitest';
import { checkedRequest, isName, limits, type Request } from '@bellwether/shepherd';
import { cut, utf8Bytes } from '../../../packages/shepherd/src/text.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

const good = requestOf({ member: 'web', action: 'start' });
const taken = (given: Partial<Record<keyof Request, unknown>>) => (): Request =>
  checkedRequest({ ...good, ...given } as Request);
const ones = (count: number) => 'x'.repeat(count);

describe('a request', () => {
  it('keeps what a request has, and nothing else', () => {
    const known = { ...good, withMembers: false, minReady: '50%', isRepeat: true } as const;
    expect(checkedRequest({ ...known, sudo: true } as Request)).toEqual(known);
  });
  it.each<readonly [string, Partial<Record<keyof Request, unknown>>]>([
    ['operation id', { operation: ones(limits.nameCharacters) }],
    ['member', { member: ones(limits.nameCharacters) }],
    ['action', { action: ones(limits.nameCharacters) }],
    ['arguments in number', { args: Array(limits.argumentCount).fill('') }],
    ['arguments in bytes', { args: ['é'.repeat(limits.argumentBytes / 2)] }],
    ['shortest deadline', { remainingMs: 1 }],
    ['longest deadline', { remainingMs: limits.remainingMs }],
    ['hops', { hops: Array(limits.hopCount).fill(ones(limits.hopCharacters)) }],
    ['smallest count of members', { minReady: 0 }],
    ['largest count of members', { minReady: limits.rowCount }],
    ['smallest share of members', { minReady: '0%' }],
    ['members that it is for', { onlyMembers: Array(limits.rowCount).fill('a') }],
    ['largest share of members', { action: 'restart', minReady: '100%' }],
  ])('is taken at the limit of its %s', (_what, given) => {
    expect(taken(given)()).toMatchObject(given);
  });
  it.each<readonly [string, Partial<Record<keyof Request, unknown>>]>([
    ['operation id', { operation: ones(limits.nameCharacters + 1) }],
    ['operation id', { operation: '' }],
    ['operation id', { operation: 'a b' }],
    ['operation id', { operation: 'boot:1' }],
    ['operation id', { operation: 7 }],
    ['member', { member: ones(limits.nameCharacters + 1) }],
    ['member', { member: '' }],
    ['member', { member: undefined }],
    ['member', { member: 'a/b' }],
    ['member', { member: 'a\u001b[2J' }],
    ['action', { action: ones(limits.nameCharacters + 1) }],
    ['action', { action: 'a b' }],
    ['arguments', { args: Array(limits.argumentCount + 1).fill('') }],
    ['arguments', { args: ['é'.repeat(limits.argumentBytes / 2) + 'x'] }],
    ['arguments', { args: ['a\0b'] }],
    ['arguments', { args: [1] }],
    ['arguments', { args: 'start' }],
    ['deadline', { remainingMs: 0.5 }],
    ['deadline', { remainingMs: limits.remainingMs + 1 }],
    ['deadline', { remainingMs: NaN }],
    ['deadline', { remainingMs: '1000' }],
    ['hops', { hops: Array(limits.hopCount + 1).fill('h') }],
    ['hops', { hops: [ones(limits.hopCharacters + 1)] }],
    ['hops', { hops: [1] }],
    ['hops', { hops: undefined }],
    ['withMembers', { withMembers: 'no' }],
    ['isRepeat', { isRepeat: false }],
    ['count of members', { minReady: -1 }],
    ['count of members', { minReady: limits.rowCount + 1 }],
    ['count of members', { minReady: 0.5 }],
    ['count of members', { minReady: NaN }],
    ['count of members', { minReady: '1' }],
    ['share of members', { minReady: '101%' }],
    ['share of members', { minReady: '-1%' }],
    ['share of members', { minReady: '050%' }],
    ['share of members', { minReady: ['50%'] }],
    ['members that it is for', { onlyMembers: Array(limits.rowCount + 1).fill('a') }],
    ['members that it is for', { onlyMembers: 'a' }],
    ['members that it is for', { onlyMembers: ['a b'] }],
    ['policy of a stop', { action: 'stop', minReady: 1 }],
    ['policy of an action', { action: 'reload', minReady: 1 }],
  ])('is refused for its %s: %o', (_what, given) => {
    expect(taken(given)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
  it.each([undefined, null, 'start web', 7])('is refused when it is %o', (value) => {
    expect(() => checkedRequest(value as unknown as Request)).toThrow('request: expected a struct');
  });
});

describe('a name', () => {
  it.each(['web-server', 'web_1.2', 'größe', 'a@b'])('may be %s', (name) => {
    expect(isName(name)).toBe(true);
  });
  it.each(['', ' ', 'a\nb', 'a\u202eb', 'x/y'])('may not be %o', (name) => {
    expect(isName(name)).toBe(false);
  });
});

describe('text', () => {
  it.each(['', 'a', 'é', '€', '😀', 'a😀é€', '\ud800', '\udc00x', '\ud800\ud800'])(
    'has as many bytes as its UTF-8: %o',
    (text) => {
      expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
    },
  );
  it('is cut where it is longer than a line may be', () => {
    expect(cut(ones(limits.lineCharacters))).toHaveLength(limits.lineCharacters);
    const long = cut(ones(limits.lineCharacters + 1));
    expect(long).toHaveLength(limits.lineCharacters);
    expect(long.endsWith('…')).toBe(true);
  });
});
