/** How peers are reached, by the names that refs have for it: the programs name each of them here, and nowhere else. */
import type { NamedWay } from '@bellwether/fleet';

/** All transports that are spoken. Their names stand in refs, so none is ever changed. */
export const transports = {
  /** The private socket, for `herd` of the same user. */
  own: 'unix',
  /** The socket for all users of a machine. */
  shared: 'unix-shared',
  /** By which machines reach each other. */
  network: 'tcp-tls',
  web: 'websocket',
} as const;

/** Where a ref leads that is asked for by one way alone. */
export const transportOf: Readonly<Record<NamedWay, string>> = {
  local: transports.shared,
  websocket: transports.web,
};
