/** Why a page's dial failed: the codes of the netlayers of Node, in one class. */

/** `code` says whether trying again may help. */
export class DialFailed extends Error {
  override readonly name = 'DialFailed';
  readonly code: 'unreachable' | 'untrusted' | 'bad-place' | 'netlayer-closed';
  /** What may be told to peers. */
  readonly summary: string | undefined;
  constructor(code: DialFailed['code'], message: string, summary?: string) {
    super(message);
    this.code = code;
    this.summary = summary;
  }
}
