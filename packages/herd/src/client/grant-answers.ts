/** What hosts answer about grants, checked field by field: who made the invite may be anybody. */
import {
  limits,
  list,
  Malformed,
  readCount,
  readField,
  readName,
  readTrue,
  struct,
  textOf,
  type Read,
} from '@bellwether/shepherd';
import type { GrantPart, Redeemed } from '@bellwether/authority';
import { FLEET_LIMITS } from '@bellwether/fleet';
import type {
  Allowed,
  GrantClock,
  GrantFacts,
  DirectRow,
  GrantPage,
  MadeDirect,
  MadeGrant,
  TakenBack,
  WhoCan,
} from '@bellwether/fleet';
import { checked } from './answers.ts';

const text = textOf(limits.lineCharacters);
const texts = list(text, limits.listCount);

const states = [
  'invited',
  'lapsed',
  'live',
  'revoked',
  'expired',
  'used-up',
  'unconfirmed',
  'revoking',
  'lost',
] as const;
const readState: Read<GrantFacts['state']> = (value, what) => {
  const found = states.find((state) => state === value);
  if (found === undefined) throw new Malformed(`${what}: expected the state of a grant`);
  return found;
};
const readRules: Read<Readonly<Record<string, readonly string[]>>> = (value, what) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${what}: expected a struct`);
  const entries = Object.entries(value);
  if (entries.length > limits.listCount)
    throw new Malformed(`${what}: ${entries.length} of at most ${limits.listCount}`);
  return Object.fromEntries(entries.map(([key, rule]) => [key, texts(rule, `${what}.${key}`)]));
};
const partStates = ['live', 'revoking', 'revoked', 'lost'] as const;
const readPart = struct<GrantPart>(
  {
    member: text,
    grant: readName,
    state: (value, what) => {
      const found = partStates.find((state) => state === value);
      if (found === undefined) throw new Malformed(`${what}: expected the state of a part`);
      return found;
    },
  },
  { untilMs: readCount, reason: text },
);
const readFacts = struct<GrantFacts>(
  {
    id: readName,
    service: text,
    actions: texts,
    issuer: text,
    madeMs: readCount,
    usedCount: readCount,
    state: readState,
  },
  {
    label: text,
    parent: readName,
    holder: text,
    expiresMs: readCount,
    renewableUntilMs: readCount,
    maxUses: readCount,
    rate: struct<NonNullable<GrantFacts['rate']>>({ count: readCount, windowMs: readCount }, {}),
    arguments: readRules,
    members: texts,
    revoked: struct<NonNullable<GrantFacts['revoked']>>(
      { grant: readName, atMs: readCount, by: text },
      { reason: text },
    ),
    lastUsedMs: readCount,
    inviteExpiresMs: readCount,
    isLocal: readTrue,
    isMinted: readTrue,
    leaseMs: readCount,
    parts: list(readPart, FLEET_LIMITS.directPartCount),
  },
);
const readGrants = list(readFacts, FLEET_LIMITS.grantPageCount);
const readUri: Read<string> = (value, what) => {
  if (typeof value !== 'string' || value.length > FLEET_LIMITS.uriLength)
    throw new Malformed(`${what}: expected a ref`);
  return value;
};

/** Some grants. @throws BadAnswer */
export const pageIn = checked(
  struct<GrantPage>({ grants: readGrants }, { next: readName }),
  'grants',
);
/** Their ids. @throws BadAnswer */
export const idsIn = checked(list(readName, FLEET_LIMITS.grantListCount), 'ids');
/** By what time they end. @throws BadAnswer */
export const clockIn = checked(
  struct<GrantClock>(
    {
      nowMs: readCount,
      wallMs: readCount,
      returned: list(readName, FLEET_LIMITS.grantListCount),
    },
    {},
  ),
  'clock',
);
/** A grant that was made, with its invite. @throws BadAnswer */
export const grantedIn = checked(
  struct<MadeGrant>(
    { grant: readFacts, invite: readUri, inviteExpiresMs: readCount },
    { doubt: text },
  ),
  'grant',
);
const rowResults = ['undone', 'unreachable', 'denied', 'failed'] as const;
const readRow = struct<DirectRow>(
  {
    member: text,
    result: (value, what) => {
      const found = rowResults.find((result) => result === value);
      if (found === undefined) throw new Malformed(`${what}: expected what came of it`);
      return found;
    },
  },
  { reason: text },
);
type AllMade = Extract<MadeDirect, { readonly kind: 'made' }>;
const readAllMade = struct<Omit<AllMade, 'kind'>>(
  {
    grant: readFacts,
    invites: list(
      struct<AllMade['invites'][number]>({ member: text, invite: readUri }, {}),
      FLEET_LIMITS.directPartCount,
    ),
    inviteExpiresMs: readCount,
  },
  {},
);
/** A grant that was made at other hosts, or not. @throws BadAnswer */
export const directIn = checked(
  (value, what): MadeDirect =>
    readField(value, 'kind', what) === 'made'
      ? { kind: 'made', ...readAllMade(value, what) }
      : {
          kind: 'not-made',
          rows: list(readRow, FLEET_LIMITS.directPartCount)(
            readField(value, 'rows', what),
            `${what}.rows`,
          ),
        },
  'grant',
);
/** What was revoked. @throws BadAnswer */
export const revokedIn = checked(struct<TakenBack>({ revoked: readGrants }, {}), 'revocation');
/** Who may do something. @throws BadAnswer */
export const whoCanIn = checked(
  struct<WhoCan>(
    { grants: readGrants, moreCount: readCount, minted: list(text, FLEET_LIMITS.mintCount) },
    {},
  ),
  'who can',
);
/** What a ref allows. @throws BadAnswer */
export const allowedIn = checked((value, what): Allowed => {
  if (readField(value, 'kind', what) === 'grant')
    return { kind: 'grant', grant: readFacts(readField(value, 'grant', what), `${what}.grant`) };
  return {
    kind: 'everything',
    service: text(readField(value, 'service', what), `${what}.service`),
  };
}, 'what is allowed');

const bytesOf =
  (count: number): Read<Uint8Array> =>
  (value, what) => {
    if (!(value instanceof Uint8Array) || value.length !== count)
      throw new Malformed(`${what}: expected ${count} bytes`);
    return value;
  };
/** What one grant is. @throws BadAnswer */
export const factsIn = checked(readFacts, 'grant');
/** What is to be signed for an invite. @throws BadAnswer */
export const nonceIn = checked(
  (value, what) => bytesOf(nonceBytes)(readField(value, 'nonce', what), `${what}.nonce`),
  'challenge',
);
const nonceBytes = 32;
/** What was redeemed. @throws BadAnswer */
export const redeemedIn = checked(
  struct<Redeemed>({ uri: readUri, grant: readFacts }, {}),
  'redeemed',
);
