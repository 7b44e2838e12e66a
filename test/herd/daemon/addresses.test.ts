import { describe, expect, it } from 'vitest';
import type { PeerLocation } from '@bellwether/ocapn';
import { Addresses } from '../../../packages/herd/src/daemon/addresses.ts';
import { reachWords, strangerTo, type Doors } from '../../../packages/herd/src/daemon/doors.ts';
import { transports } from '../../../packages/herd/src/transports.ts';

const places: Readonly<Record<keyof typeof transports, PeerLocation['hints']>> = {
  own: { path: '/run/own' },
  shared: { path: '/run/shared' },
  network: { host: 'a.example', port: '7001' },
  web: { url: 'wss://a.example:7002/' },
};
const at = (door: keyof typeof transports): PeerLocation => ({
  transport: transports[door],
  designator: 'a',
  hints: places[door],
});
const doors: Doors = {
  socket: '/run/own',
  sharedSocket: undefined,
  tcpTls: undefined,
  websocket: undefined,
  gnu: undefined,
};
const web = { host: 'a.example', port: 0, tls: true, keyFile: '/k', uid: 1 } as const;
const withWeb = { ...web, url: undefined, origins: undefined };

/** With these doors open, and those shut. */
const addresses = (
  open: readonly (keyof typeof transports)[],
  shut: readonly (keyof typeof transports)[] = [],
  said: Partial<Doors> = {},
): Addresses =>
  new Addresses(
    {
      locations: open.map(at),
      shut: shut.map((door) => ({ transport: transports[door], reason: 'taken' })),
    },
    { ...doors, ...said },
    'a',
  );

describe('where refs lead', () => {
  it('is the network, else WebSockets, else the shared socket, else the private one', () => {
    const order = ['network', 'web', 'shared', 'own'] as const;
    for (let first = 0; first < order.length; first += 1) {
      const open = order.slice(first).reverse();
      expect(addresses(open).location('any')).toEqual(at(order[first] ?? 'own'));
    }
  });
  it('is never WebSockets where a key has to be proved', () => {
    expect(addresses(['own', 'shared', 'web']).location('proved')).toEqual(at('shared'));
    expect(addresses(['own', 'web'], ['web']).location('proved')).toEqual(at('own'));
  });
  it('is the door that is named, or nothing', () => {
    const all = addresses(['own', 'shared', 'network', 'web']);
    expect(all.location('local')).toEqual(at('shared'));
    expect(all.location('websocket')).toEqual(at('web'));
    const alone = addresses(['own', 'network']);
    for (const way of ['local', 'websocket'] as const) {
      expect(alone.hasWay(way)).toBe(false);
      expect(() => alone.location(way)).toThrow('in its configuration');
    }
  });
  it('is the network although its door is shut, at the port that is kept for it', () => {
    const tcpTls = { host: 'a.example', port: 7001 };
    expect(addresses(['own', 'web'], ['network'], { tcpTls }).location('any')).toEqual(
      at('network'),
    );
    const free = addresses(['own', 'web'], ['network'], { tcpTls: { ...tcpTls, port: 0 } });
    expect(() => free.location('any')).toThrow('the door of this shepherd for tcp-tls is shut');
  });
  it('is refused where WebSockets would be the way, and their door is shut', () => {
    const shut = addresses(['own', 'shared'], ['web']);
    expect(() => shut.location('any')).toThrow('the door of this shepherd for websocket is shut');
    expect(() => shut.hasWay('websocket')).toThrow('is shut');
    expect(shut.location('proved')).toEqual(at('shared'));
  });
});

describe('ports that were chosen', () => {
  const none = { port: undefined, websocketPort: undefined };
  it('are kept once', () => {
    const all = addresses(['own', 'network', 'web'], [], { websocket: withWeb });
    const port = { kind: 'port', port: 7001 };
    const websocketPort = { kind: 'websocketPort', port: 7002 };
    expect(all.newPorts(none)).toEqual([port, websocketPort]);
    expect(all.newPorts({ port: 7001, websocketPort: undefined })).toEqual([websocketPort]);
    expect(all.newPorts({ port: 7001, websocketPort: 7002 })).toEqual([]);
  });
  it('are none of the shepherd where a proxy has them, or nobody listens', () => {
    const websocket = { ...withWeb, url: 'wss://a.example:7002/' };
    expect(addresses(['own', 'web'], [], { websocket }).newPorts(none)).toEqual([]);
    expect(addresses(['own']).newPorts(none)).toEqual([]);
  });
});

describe('the table of doors', () => {
  it('has a stranger for each transport that is spoken, and for no other', () => {
    for (const transport of Object.values(transports))
      expect(strangerTo(transport)?.netlayer.facts.transport).toBe(transport);
    expect(strangerTo('onion')).toBeUndefined();
  });
  it('says of each where it is', () => {
    expect(reachWords([at('own'), at('network')], undefined)).toBe(
      'herd talks to it on /run/own, others reach it at a.example:7001',
    );
    expect(reachWords([at('web'), at('shared'), at('own')], '/run/gnu')).toBe(
      'herd talks to it on /run/own, other users on /run/shared, over WebSockets at wss://a.example:7002/, ' +
        "GNU's herd on /run/gnu",
    );
  });
});
