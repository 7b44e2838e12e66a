/** The name of a tcp-tls peer. */
import { pemDesignator } from '@bellwether/ocapn';
import { nodeCrypto } from '@bellwether/netlayer-stream';

/** The designator of a certificate's PEM text. @throws Limit over 64 KiB, which no preamble has. */
export function designatorOf(pem: Uint8Array): string {
  return pemDesignator(nodeCrypto(), pem);
}
