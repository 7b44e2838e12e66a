/** Who a peer is here: an Ed25519 key, whose public half in base32 is the designator. */
import { base32, type KeyPair } from '@bellwether/ocapn';

/** The key that a peer proves; whoever listens keeps it, since others have its designator in their refs. */
export type WebSocketIdentity = KeyPair;

/** The designator of a key, as in Goblins and Endo. */
export const websocketDesignator = ({ publicKey }: Pick<KeyPair, 'publicKey'>): string =>
  base32(publicKey);
