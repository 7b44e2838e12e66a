/** The shapes of what is kept of releases: by slots, and by who carries them on. */
import { limits } from './limits.ts';
import { flag, list, name, object, oneOf, plain, text, whole } from './shape.ts';

/** Milliseconds since 1970, by the clock of the machine. */
const wallMs = whole(0);
const service = text(limits.keyCharacters / 4);

const release = text(75);
/** A release whose tree is there. */
const stagedRelease = object(
  {
    digest: release,
    app: name,
    run: object({ command: list(text()) }, { env: plain }),
    checks: list(plain),
    dataMigration: oneOf('none', 'reversible', 'forward-only'),
    byteCount: whole(0),
    signatures: list(object({ key: name, signature: name })),
    stagedMs: wallMs,
  },
  {
    version: name,
    platform: name,
    stagedBy: name,
    verdict: oneOf('committed', 'rejected'),
    why: text(1_024),
  },
);
/** What a slot is about. */
const underway = object(
  {
    asker: name,
    operation: name,
    action: oneOf('stage', 'activate', 'deploy', 'rollback'),
    phase: oneOf(
      'verified',
      'staged',
      'prechecked',
      'activating',
      'health-gate',
      'awaiting-confirm',
      'reverting',
    ),
    target: release,
    sinceMs: wallMs,
  },
  {
    from: release,
    deadlineMs: wallMs,
    leftMs: whole(0),
    confirmMs: whole(1),
    acceptsLoss: oneOf(true),
    wasRunning: flag,
    wasWanted: flag,
    why: text(8_192),
    backBy: object({ asker: name, operation: name }),
  },
);
/** One slot. */
export const slotRecord = object(
  {
    slot: service,
    generation: whole(0),
    pinned: list(release),
    releases: list(stagedRelease),
    ended: list(
      object({ asker: name, operation: name, action: name, result: name }, { reason: text(1_024) }),
    ),
  },
  {
    current: release,
    previous: release,
    arrivals: list(object({ digest: release }, { hasMigrated: oneOf(true) })),
    underway,
    held: text(1_024),
  },
);
/** What is kept for services elsewhere. */
export const carrierRecord = object({
  releases: list(
    object(
      {
        digest: release,
        app: name,
        byteCount: whole(0),
        manifestBytes: whole(1),
        signatures: list(object({ key: name, signature: name })),
        asker: name,
        keptMs: wallMs,
      },
      { version: name },
    ),
  ),
});
