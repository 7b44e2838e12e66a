/** The shapes of what a controller keeps of machines that have joined it, and such a machine of its controllers. */
import { flag, list, name, object, oneOf, plain, text, whole } from './shape.ts';

/** Since 1970, by the clock of the machine. */
const milliseconds = whole(0);

/** A machine, at its controller. */
export const joinedNode = object(
  { name, labels: plain, madeMs: milliseconds },
  {
    door: object(
      { hash: name, designator: name, joinedMs: milliseconds, gift: name },
      { approvedMs: milliseconds },
    ),
    /** As of a grant. */
    invite: object({ hash: name, expiresMs: milliseconds, epoch: whole(1) }, { key: name }),
    isDialOut: oneOf(true),
    leftMs: milliseconds,
    alertCount: whole(1),
    alertMs: milliseconds,
    alertBy: name,
    doubtMs: milliseconds,
  },
);
/** Its services, by all their names. */
export const nodeGift = object({ name, services: list(list(name)) });
/** One that was removed, or replaced. */
export const departedNode = object({ hash: name, designator: name, name, atMs: milliseconds });
/** A controller, at its machine. */
export const joinedHome = object(
  {
    designator: name,
    door: name,
    gift: text(),
    madeMs: milliseconds,
    /** As of a grant. */
    epoch: whole(1),
    isJoined: flag,
  },
  { services: list(name), isDialOut: oneOf(true), name, controller: name, labels: plain },
);
