/** A gift takes more room in a frame than the reference that it stands for: nobody has us send one that is not read. */
import { LIMITS } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import {
  GIVE_DEPTH,
  GIVE_VALUES,
  signGive,
} from '../../../packages/ocapn/src/identity/certificates.ts';
import { nobleKeyPair } from '../../../packages/ocapn/src/identity/noble.ts';
import { Raw } from '../../../packages/ocapn/src/syrup/values.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { OperationReader } from '../../../packages/ocapn/src/wire/read.ts';
import { deliver, toExport } from '../../support/ocapn-raw.ts';

const hints = Object.fromEntries(
  Array.from({ length: LIMITS.hintCount }, (_each, at) => [`hint${at}`, 'value']),
);
const bytes = new Uint8Array(32).fill(1);
const give = signGive(
  {
    receiverKey: bytes,
    exporter: { transport: 'sim', designator: 'x', hints },
    sessionId: bytes,
    gifterId: bytes,
    giftId: bytes,
  },
  nobleKeyPair(bytes),
);
const frame = encode(deliver(toExport(0), [new Raw(give)]));
/** What stands around it, and before it ends: the operation and its list; these two, a descriptor, two labels and a number. */
const AROUND_DEPTH = 2;
const AROUND_VALUES = 6;
const read = (depth: number, values: number): unknown =>
  new OperationReader({ ...LIMITS, depth, values }).read(frame, 0, frame.length, true);

describe('the largest give', () => {
  it('is as deep as it is counted', () => {
    expect(read(AROUND_DEPTH + GIVE_DEPTH, LIMITS.values)).toMatchObject({ op: 'deliver' });
    expect(() => read(AROUND_DEPTH + GIVE_DEPTH - 1, LIMITS.values)).toThrow('deeper');
  });
  it('has as many values as it is counted', () => {
    expect(read(LIMITS.depth, AROUND_VALUES + GIVE_VALUES)).toMatchObject({ op: 'deliver' });
    expect(() => read(LIMITS.depth, AROUND_VALUES + GIVE_VALUES - 1)).toThrow('values');
  });
});
