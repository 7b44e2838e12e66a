/** Where a peer is, as OCapN says it: `<ocapn-peer transport designator hints>`. */
export interface PeerLocation {
  readonly transport: string;
  readonly designator: string;
  /** Routes, not identity: two locations with the same transport and designator are the same peer. */
  readonly hints: Readonly<Record<string, string>>;
}
/** An offline reference, and a secret: whoever has it has what it names. Printing it shows no swissnum. */
export interface Sturdyref {
  readonly peer: PeerLocation;
  readonly swissnum: Uint8Array;
}
