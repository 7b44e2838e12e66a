/**
 * What can go wrong with a place on the network: one class per decision of the caller. The codes are stable; the
 * messages name the place, what was found and, where somebody can act, what to do.
 */

/** A dial found nobody who answers. The same dial may succeed later. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'unreachable';
  readonly summary: string;
  /** `place` is for this machine alone; `summary`, what was found there, may be told to peers. */
  constructor(place: string, summary: string, options?: ErrorOptions) {
    super(`${place}: ${summary}`, options);
    this.summary = summary;
  }
}
/** A dial reached somebody who is not who was dialled, or who breaks the protocol. Trying again does not help. */
export class Untrusted extends Error {
  override readonly name = 'Untrusted';
  readonly code = 'untrusted';
  readonly summary: string;
  /** `place` is for this machine alone; `summary`, what was found there, may be told to peers. */
  constructor(place: string, summary: string, options?: ErrorOptions) {
    super(`${place}: ${summary}`, options);
    this.summary = summary;
  }
}
/** A listener's place is in use, or something else stands there. */
export class PlaceTaken extends Error {
  override readonly name = 'PlaceTaken';
  readonly code = 'place-taken';
}
/** A location, folder, port or identity that cannot be used as it is: somebody must change it first. */
export class BadPlace extends Error {
  override readonly name = 'BadPlace';
  readonly code = 'bad-place';
}
/** The netlayer was closed before or while this was asked of it. */
export class NetlayerClosed extends Error {
  override readonly name = 'NetlayerClosed';
  readonly code = 'netlayer-closed';
}

/** The code of a system error such as `ECONNREFUSED`; empty for anything else. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
