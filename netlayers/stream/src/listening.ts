/**
 * A port of TCP on its way to be listened on:
 *
 *     bound                        the netlayer serves it, and is told which port it is
 *     cannot be bound              told why, with what to do; the netlayer may try again
 *     bound, and closed meanwhile  told that it is closed
 */
import type { Server } from 'node:net';
import { BadPlace, PlaceTaken, systemCode } from './errors.ts';
import { BACKLOG } from './limits.ts';

/** Where a netlayer listens, and how its errors speak of it. */
export interface Port {
  /** The address to bind; undefined: all of this machine. */
  readonly bindHost: string | undefined;
  /** 0: the system chooses one. */
  readonly port: number;
  /** Connections that the kernel queues; default BACKLOG. */
  readonly backlog?: number;
  /** What to do where somebody listens there already. */
  readonly takenHint: string;
}

/** Has a server listen for a transport; one of `bound`, with the port that it has, and `failed` is called, once. */
export function listenOn(
  at: Port,
  transport: string,
  server: Server,
  bound: (port: number) => void,
  failed: (reason: Error) => void,
): void {
  const { bindHost: host, port, backlog = BACKLOG } = at;
  const onError = (error: Error): void => failed(cannotListen(at, transport, error));
  server.once('error', onError);
  server.listen({ host, port, backlog }, () => {
    server.off('error', onError);
    bound(portOf(server));
  });
}

/** A host and a port as they are written. */
export function showAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function cannotListen(
  { bindHost = '*', port, takenHint }: Port,
  transport: string,
  cause: Error,
): Error {
  const at = showAddress(bindHost, port);
  const code = systemCode(cause);
  if (code === 'EADDRINUSE')
    return new PlaceTaken(`${transport}: ${at} is in use; hint: ${takenHint}`, { cause });
  const hint = code === 'EACCES' ? '; hint: ports below 1024 need a privilege' : '';
  return new BadPlace(`${transport}: cannot listen on ${at} (${code})${hint}`, { cause });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new TypeError('a TCP server without a port');
  return address.port;
}
