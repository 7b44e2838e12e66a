/** OCapN over unix sockets. */
export { pathRefusal } from './connect.ts';
export { unixDialler } from './dialler.ts';
export type { Mode } from './folder.ts';
export { unixNetlayer, type UnixOptions } from './netlayer.ts';
export { SocketFile, type SocketPlace } from './socket-file.ts';
