/**
 * What a session's rights come from: what its peer fetched first, or what had come the one who gave it
 * something. A name that is no secret; it may be told more exactly later, and then of all who share it.
 */
export class Origin {
  name: string;
  constructor(name: string) {
    this.name = name;
  }
}
