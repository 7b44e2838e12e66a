/** Sockets of services as a configuration writes them down: `socket({ listen: '[::]:80' })`. */
import net from 'node:net';
import type { SocketConfig, SocketPlace } from '@bellwether/shepherd';
import * as z from 'zod';
import { account } from './accounts.ts';
import {
  backlogCount,
  bindCount,
  inetdConnectionCount,
  connectionNameChars,
  socketNameChars,
  socketPathBytes,
} from './limits.ts';
import { name } from './names.ts';
import { whole } from './numbers.ts';
import { record, tellIn } from './record.ts';

const listenWords =
  "expected 'ADDRESS:PORT' or a path, as in '127.0.0.1:80', '[::]:80' or '/run/web.sock'";
const ipForm = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/;
/** Where a text says to listen; undefined where it says nowhere. A path is as it is written. */
export const parsePlace = (text: string): SocketPlace | undefined => {
  const [, v6, v4, digits] = ipForm.exec(text) ?? [];
  const port = Number(digits);
  const host = v6 ?? v4;
  if (host !== undefined) {
    const family = net.isIP(host);
    const isFit = family === (v6 === undefined ? 4 : 6) && port >= 1 && port <= 65_535;
    return isFit ? { family: family as 4 | 6, host, port } : undefined;
  }
  return text.includes('/') ? { family: 'unix', host: text, port: 0 } : undefined;
};

const permissions = z
  .int('expected permissions, as in 0o660')
  .min(0, 'is negative')
  .max(0o777, 'is over 0o777');

/** Connections that there may be where nobody says otherwise: as in GNU Shepherd. */
export const usualConnections = 100;
/** How what comes to sockets is served. */
export const activationShape = {
  activation: z.enum(['systemd', 'inetd'], "expected 'systemd' or 'inetd'").optional(),
  maxConnections: whole(1, inetdConnectionCount).optional(),
  maxConnectionsPerSource: whole(1, inetdConnectionCount).optional(),
  connectionName: name
    .max(connectionNameChars, `has more than ${connectionNameChars} characters`)
    .optional(),
};

/** What `socket` makes. */
export const socket = record(
  {
    kind: z.literal('socket'),
    listen: z
      .string(listenWords)
      .refine((text) => parsePlace(text) !== undefined, listenWords)
      .refine((text) => !text.includes('\0'), 'contains a NUL character'),
    name: z
      .string()
      .max(socketNameChars, `has more than ${socketNameChars} characters`)
      .regex(/^[A-Za-z0-9_.-]+$/, 'may have letters, digits and _ . - only')
      .default('unknown'),
    style: z.enum(['stream', 'datagram'], "expected 'stream' or 'datagram'").default('stream'),
    backlog: whole(1, backlogCount).default(128),
    bindAttempts: whole(1, bindCount).default(5),
    owner: account('user').optional(),
    group: account('group').optional(),
    mode: permissions.default(0o666),
    folderMode: permissions.default(0o755),
  },
  "a socket, as in socket({ listen: '127.0.0.1:80' })",
).superRefine(({ listen, owner, group }, context) => {
  const place = parsePlace(listen);
  const tell = tellIn(context);
  if (place?.family === 'unix') return;
  if (owner !== undefined) tell('owner', 'is only of a path: an address belongs to nobody');
  if (group !== undefined) tell('group', 'is only of a path: an address belongs to nobody');
});
/** A socket as it was checked; its path is absolute once it is loaded. */
export type SocketDescription = z.output<typeof socket>;

/** Why a path has no room in the address of a socket; undefined where it has. */
export const tooLongPath = (listen: string): string | undefined => {
  const isLong =
    parsePlace(listen)?.family === 'unix' && Buffer.byteLength(listen) > socketPathBytes;
  return isLong
    ? `is a path of more than ${socketPathBytes} bytes, which a socket cannot have`
    : undefined;
};

/** What makes it. */
export const socketConfigOf = ({
  kind: _kind,
  listen,
  owner,
  group,
  ...rest
}: SocketDescription): SocketConfig => {
  const place = parsePlace(listen);
  if (place === undefined) throw new RangeError('config: a checked socket without a place');
  return {
    ...rest,
    place,
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  };
};
