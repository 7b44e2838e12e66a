/** What a configuration may say of a slot alone: what it keeps, how a new release is judged, and whose it takes. */
import { isPublicKeyText, slotLimits } from '@bellwether/deploy';
import { beginningOf, isDigest } from '@bellwether/shepherd';
import * as z from 'zod';
import { runAs } from './accounts.ts';
import { longestHealthySeconds, trustedKeyCount } from './limits.ts';
import { whole } from './numbers.ts';
import { record, tellIn } from './record.ts';

const key = z
  .string()
  .refine(isPublicKeyText, "is no public key; 'herd release key --key FILE' prints that of a file");
const keys = z.array(key).max(trustedKeyCount, `has more than ${trustedKeyCount} keys`);
const digest = z
  .string()
  .transform((text) => beginningOf(text) ?? text)
  .refine(isDigest, "is no name of a release, as in 'rel:sha256-…'; 'herd release show' tells it");
const instant = z.iso.datetime({
  offset: true,
  error: "expected an instant, as in '2026-12-01T22:00:00Z' or '2026-12-01T22:00:00+01:00'",
});
const trust = record(
  {
    keys: keys.min(1, 'expected at least one key').optional(),
    needed: z
      .int('expected a whole number')
      .min(1, 'must be at least 1: without trust a slot takes what nobody has signed')
      .optional(),
    revoked: keys.optional(),
    digests: z
      .array(digest)
      .min(1, 'expected at least one release')
      .max(slotLimits.digestCount, `has more than ${slotLimits.digestCount} releases`)
      .optional(),
    from: instant.optional(),
    until: instant.optional(),
  },
  "{ keys: ['…'], needed: 1 }",
).superRefine(({ keys, needed, revoked, digests, from, until }, context) => {
  const tell = tellIn(context);
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until))
    tell('until', 'does not lie behind from');
  if (keys === undefined) {
    if (needed !== undefined) tell('needed', 'goes with keys');
    if (revoked !== undefined) tell('revoked', 'goes with keys');
    if ((digests ?? from ?? until) === undefined)
      context.addIssue({ code: 'custom', message: 'expected keys, digests, from or until' });
    return;
  }
  if (new Set(keys).size < keys.length) tell('keys', 'has a key twice');
  const goodCount = keys.filter((each) => revoked?.includes(each) !== true).length;
  const wanted = needed ?? 1;
  if (wanted > goodCount)
    tell('needed', `is ${wanted}, but there are ${goodCount} keys that count`);
});

const mebibyte = 1_048_576;
/** What only a slot has. */
export const slotShape = {
  keep: whole(0, slotLimits.releaseCount).optional(),
  maxMiB: whole(1, slotLimits.keptMostBytes / mebibyte).optional(),
  confirmSeconds: z
    .number()
    .min(slotLimits.confirmLeastMs / 1_000, `is below ${slotLimits.confirmLeastMs / 1_000}`)
    .max(slotLimits.confirmMostMs / 1_000, `is over ${slotLimits.confirmMostMs / 1_000}`)
    .optional(),
  healthySeconds: z
    .number()
    .min(0, 'is negative')
    .max(longestHealthySeconds, `is over ${longestHealthySeconds}`)
    .optional(),
  ...runAs,
  trust: trust.optional(),
};
