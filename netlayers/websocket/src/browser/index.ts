/** OCapN in a browser: a peer that only dials, over WebSocket. Imports nothing of Node. */
export { DialFailed } from './errors.ts';
export { PAGE_LIMITS, type PageLimits } from './limits.ts';
export { pageNetlayer, type PageOptions } from './netlayer.ts';
export { type PageSocket } from './page-socket.ts';
export { type PageChannel, pageClock, pageCrypto, pageReaper, pageSchedulers } from './powers.ts';
