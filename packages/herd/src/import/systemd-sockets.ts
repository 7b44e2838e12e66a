/** Units of sockets: where systemd listens for a service. */
import { backlogCount, inetdConnectionCount, socketNameChars } from '../config/limits.ts';
import { parsePlace, tooLongPath } from '../config/sockets.ts';
import { call, permissions, withoutEmpty, type Value } from './found.ts';
import type { Unit } from './systemd-unit.ts';

/** What a service listens at, as `sockets` takes it; all else is left for `leaveTheRest`. */
export const socketsOf = (unit: Unit): readonly Value[] => {
  unit.ignored('Unit.Description', 'its service has one');
  unit.carried('Socket.Service', 'Socket.Accept', 'Socket.ListenStream', 'Socket.BindIPv6Only');
  for (const key of ['FileDescriptorName', 'Backlog', 'SocketUser', 'SocketGroup', 'SocketMode'])
    unit.carried(`Socket.${key}`);
  unit.carried('Socket.DirectoryMode');
  const name = unit.last('Socket.FileDescriptorName') ?? unit.name;
  const common = {
    name: /^[A-Za-z0-9_.-]+$/.test(name) && name.length <= socketNameChars ? name : undefined,
    backlog: unit.read('Socket.Backlog', (text) => countOf(text, backlogCount)),
  };
  // An address belongs to nobody.
  const ofPath = {
    owner: unit.last('Socket.SocketUser'),
    group: unit.last('Socket.SocketGroup'),
    mode: unit.read('Socket.SocketMode', permissions),
    folderMode: unit.read('Socket.DirectoryMode', permissions),
  };
  const at = (key: string, style?: string): readonly Value[] =>
    unit.all(`Socket.${key}`).flatMap(({ value, line }) => {
      const places = placesOf(value, unit);
      if (places.length === 0) unit.note(`${key}=${value}: nothing here listens there`, line);
      if (places.length > 1 && !accepts(unit))
        unit.note(`${key}=${value}: its program finds two sockets, IPv4 and IPv6 apart`, line);
      return places.map((listen) => {
        const more = listen.startsWith('/') ? ofPath : {};
        return call('socket', withoutEmpty({ listen, style, ...common, ...more }));
      });
    });
  if (!accepts(unit)) {
    unit.carried('Socket.ListenDatagram');
    return [...at('ListenStream'), ...at('ListenDatagram', 'datagram')];
  }
  unit.leave('Socket.ListenDatagram', 'a datagram comes without a connection');
  return at('ListenStream');
};

/** Whether it has a process for each connection, by whom that is read and written. */
export const accepts = (unit: Unit): boolean => unit.isOn('Socket.Accept');
/** What a service with such a socket says beside `sockets`. */
export const inetdOf = (unit: Unit): Readonly<Record<string, Value | undefined>> => {
  unit.carried('Socket.MaxConnections', 'Socket.MaxConnectionsPerSource');
  const most = unit.read('Socket.MaxConnections', connectionsOf) ?? usualOfSystemd;
  const each = unit.read('Socket.MaxConnectionsPerSource', connectionsOf);
  const isBounded = each !== undefined && each < most && hasAddress(unit);
  return {
    activation: 'inetd',
    maxConnections: most,
    maxConnectionsPerSource: isBounded ? each : undefined,
  };
};
/** What systemd has where a unit says nothing. */
const usualOfSystemd = 64;
const connectionsOf = (text: string): number | undefined => countOf(text, inetdConnectionCount);
const hasAddress = (unit: Unit): boolean =>
  unit.all('Socket.ListenStream').some(({ value }) => placeOf(value)?.startsWith('/') === false);

const countOf = (text: string, most: number): number | undefined =>
  /^[1-9]\d{0,9}$/.test(text) ? Math.min(Number(text), most) : undefined;
/** A port alone is that of all addresses, as `[::]` is where nobody says otherwise: a socket here has one family. */
const placesOf = (text: string, unit: Unit): readonly string[] => {
  const place = placeOf(text);
  if (place === undefined) return [];
  const [, port] = /^\[::\]:(\d+)$/.exec(place) ?? [];
  const isBoth = port !== undefined && unit.last('Socket.BindIPv6Only') !== 'ipv6-only';
  return isBoth ? [`0.0.0.0:${port}`, place] : [place];
};
/** No names in the abstract, and nothing of systemd's by a %. */
const placeOf = (text: string): string | undefined => {
  const said = /^\d+$/.test(text) ? `[::]:${text}` : text;
  const place = parsePlace(said);
  if (place?.family !== 'unix') return place === undefined ? undefined : said;
  const isKnown = /^\/[^%]*$/.test(said) && tooLongPath(said) === undefined;
  return isKnown ? said : undefined;
};
