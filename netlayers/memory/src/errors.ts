/** What the other netlayers say with classes of their own, under the same codes. */
export type NetworkCode =
  'unreachable' | 'untrusted' | 'place-taken' | 'bad-place' | 'netlayer-closed';

/** A failure of the simulated network; the code is what a caller decides by. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: NetworkCode;
  /** A simulated network has nothing to hide. */
  readonly summary: string;

  constructor(code: NetworkCode, message: string) {
    super(`memory: ${message}`);
    this.code = code;
    this.summary = message;
  }
}
