/** Dialling over WebSockets: a file of its own, which is read when a ref leads there. */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { urlRefusal, websocketNetlayer } from '@bellwether/netlayer-websocket';
import type { Netlayer } from '@bellwether/ocapn';

export { urlRefusal };

/** A netlayer that only dials; who does so proves nothing there. */
export const websocketDialler = (): Netlayer => websocketNetlayer({ crypto: nodeCrypto() });
