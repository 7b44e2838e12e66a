/** Units of sockets: where systemd listens for a service. */
import { call, permissions, withoutEmpty, type Value } from './found.ts';
import type { Unit } from './systemd-unit.ts';

/** What a service listens at, as `sockets` takes it; all else is left for `leaveTheRest`. */
export const socketsOf = (unit: Unit): readonly Value[] => {
  for (const key of ['Socket.Service', 'Unit.Description', 'Unit.Documentation']) unit.all(key);
  if (unit.isOn('Socket.Accept')) {
    unit.leave('Socket.Accept', 'nothing here starts a process for each connection');
    return [];
  }
  unit.all('Socket.Accept');
  const name = unit.last('Socket.FileDescriptorName') ?? unit.name;
  const common = {
    name: /^[A-Za-z0-9_.-]+$/.test(name) ? name : undefined,
    backlog: unit.read('Socket.Backlog', countOf),
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
      const listen = placeOf(value);
      if (listen === undefined) {
        unit.note(`${key}=${value}: nothing here listens there`, line);
        return [];
      }
      const more = listen.startsWith('/') ? ofPath : {};
      return [call('socket', withoutEmpty({ listen, style, ...common, ...more }))];
    });
  return [...at('ListenStream'), ...at('ListenDatagram', 'datagram')];
};

const countOf = (text: string): number | undefined =>
  /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
/** A port alone is that of all addresses; no names in the abstract, and nothing of systemd's by a %. */
const placeOf = (text: string): string | undefined => {
  if (/^\d{1,5}$/.test(text)) return `[::]:${text}`;
  const isKnown = /^(?:\/[^%]*|\[[0-9A-Fa-f:.]+\]:\d{1,5}|\d{1,3}(?:\.\d{1,3}){3}:\d{1,5})$/.test(
    text,
  );
  return isKnown ? text : undefined;
};
