/** OCapN over WebSocket, on the wire of Goblins and Endo. */
export { type Trust } from './connect.ts';
export { websocketDesignator, type WebSocketIdentity } from './identity.ts';
export { urlRefusal } from './url.ts';
export { WEBSOCKET_LIMITS, type WebSocketLimits } from './limits.ts';
export {
  websocketNetlayer,
  type WebSocketOptions,
  type WebSocketPlace,
  type WebSocketTls,
} from './netlayer.ts';
