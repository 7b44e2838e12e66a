/** Records of timers: how far each is, and its last runs. */
import { limits } from './limits.ts';
import { flag, name, object, oneOf, text, whole } from './shape.ts';

const service = text(limits.keyCharacters / 4);
/** Milliseconds since 1970. */
const wallMs = whole(0);
/** How far the alarms of a timer are. */
export const timerRecord = object(
  {
    service,
    isArmed: flag,
    /** The digest of when it rings. */
    madeFrom: name,
    originMs: wallMs,
    settledMs: wallMs,
    runCount: whole(0),
  },
  { leftCount: whole(0), isOwed: oneOf(true), isOwedToOther: oneOf(true) },
);
/** A run of a timer, at one of the places for those that are remembered. */
export const timedRecord = object(
  { service, place: whole(0, 999), number: whole(1), startId: name, startedMs: wallMs },
  {
    endedMs: wallMs,
    code: whole(0),
    signal: name,
    reason: name,
    isOverdue: oneOf(true),
    isTriggered: oneOf(true),
    isByOther: oneOf(true),
    isLost: oneOf(true),
  },
);
