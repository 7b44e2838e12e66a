import { World } from '@bellwether/actors';
import { limits } from '@bellwether/shepherd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  memberIds,
  memberOperation,
} from '../../../packages/fleet/src/exported/member-operation.ts';
import { simulatedCrypto } from '../../support/ocapn-peer.ts';

const crypto = simulatedCrypto(new World(1));
const idOf = (principal: string, operation: string): string =>
  memberOperation(crypto, principal, operation);
const characters = [...'abcXYZ019._-'];
const anyId = fc.string({
  unit: fc.constantFrom(...characters),
  minLength: 1,
  maxLength: limits.nameCharacters,
});

describe('the id of an operation at a member', () => {
  it('is found once for all members of a command, and never taken for that of another one', () => {
    let digestCount = 0;
    const counting = {
      sha256: (bytes: Uint8Array): Uint8Array => {
        digestCount += 1;
        return crypto.sha256(bytes);
      },
    };
    const ids = memberIds(counting);
    expect(ids('root', 'op-1')).toBe(idOf('root', 'op-1'));
    expect(ids('root', 'op-1')).toBe(idOf('root', 'op-1'));
    expect(digestCount).toBe(1);
    expect(ids('root', 'op-2')).toBe(idOf('root', 'op-2'));
    expect(ids('other', 'op-2')).toBe(idOf('other', 'op-2'));
    expect(ids('root', 'op-1')).toBe(idOf('root', 'op-1'));
  });
  it('is the same for the same asker and id, in every life of the controller', () => {
    expect(idOf('root', 'op-1')).toBe('op-1.abe848b9bcc7cbe8bdbe7e00197dcfa8');
  });
  it('begins with the id that was chosen, and has the form of an id', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        const made = idOf('root', id);
        expect(made).toMatch(/^[A-Za-z0-9._-]+$/);
        expect(made.length).toBeLessThanOrEqual(limits.nameCharacters);
        expect(made.startsWith(id.slice(0, 95))).toBe(true);
      }),
    );
  });
  it('differs for two askers, and for two ids of one, also where only the last letter does', () => {
    const long = 'x'.repeat(limits.nameCharacters - 1);
    const all = [
      idOf('root', 'op-1'),
      idOf('a holder', 'op-1'),
      idOf('root', `${long}a`),
      idOf('root', `${long}b`),
      idOf('root', idOf('root', 'op-1')),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
