/**
 * Where refs to a life lead, and the ports that are kept for them:
 *
 *     asked for                    leads to
 *     a way by its name            that door, or is refused: there is none, or it is shut
 *     any                          the network; else WebSockets; else the shared socket; else the private one
 *     where a key is proved        the same without WebSockets, where nobody has to prove one
 *
 * A ref to the network is good although its door is shut for now, since that opens at the same port.
 */
import { doorShut, noSuchWay, type MintWay, type NamedWay } from '@bellwether/fleet';
import type { PeerLocation } from '@bellwether/ocapn';
import type { Found, PortEntry, WebSocketPortEntry } from '../store/records.ts';
import { transportOf, transports } from '../transports.ts';
import type { DoorKeeper } from './door-keeper.ts';
import type { Doors } from './doors.ts';

/** The ways to one life. */
export class Addresses {
  readonly #open: Pick<DoorKeeper, 'locations' | 'shut'>;
  readonly #doors: Doors;
  /** Of this node. */
  readonly #designator: string;

  constructor(open: Pick<DoorKeeper, 'locations' | 'shut'>, doors: Doors, designator: string) {
    this.#open = open;
    this.#doors = doors;
    this.#designator = designator;
  }

  /** Whether there is such a door. @throws Refused where there is, and it is shut */
  hasWay(way: NamedWay): boolean {
    return this.#isOpen(transportOf[way]);
  }

  /** Where a ref leads that is given to others. @throws Refused where the way that was asked for is not there */
  location(way: MintWay | 'proved'): PeerLocation {
    const [first] = this.#open.locations;
    if (first === undefined) throw new TypeError('asked for a location before listening');
    if (way === 'local' || way === 'websocket') {
      const place = this.#at(transportOf[way]);
      if (place === undefined) throw noSuchWay(way);
      return place;
    }
    const distant = this.#at(transports.network);
    const { tcpTls } = this.#doors;
    if (distant === undefined && tcpTls !== undefined) return this.#networkLater(tcpTls);
    if (way === 'any') this.#isOpen(transports.web);
    const web = way === 'any' ? this.#at(transports.web) : undefined;
    return distant ?? web ?? this.#at(transports.shared) ?? first;
  }

  /** Ports that were chosen once and are not kept yet: others have them in their refs. */
  newPorts({
    port: kept,
    websocketPort: keptWeb,
  }: Pick<Found, 'port' | 'websocketPort'>): readonly (PortEntry | WebSocketPortEntry)[] {
    const port = Number(this.#at(transports.network)?.hints['port']);
    const web = this.#webPort();
    return [
      ...(port > 0 && port !== kept ? [{ kind: 'port' as const, port }] : []),
      ...(web > 0 && web !== keptWeb ? [{ kind: 'websocketPort' as const, port: web }] : []),
    ];
  }

  /** 0 where a proxy has the port that others dial. */
  #webPort(): number {
    const { websocket } = this.#doors;
    const url = this.#at(transports.web)?.hints['url'];
    if (websocket === undefined || websocket.url !== undefined || url === undefined) return 0;
    return Number(new URL(url).port);
  }

  #at(transport: string): PeerLocation | undefined {
    return this.#open.locations.find((location) => location.transport === transport);
  }

  #isOpen(transport: string): boolean {
    if (this.#at(transport) !== undefined) return true;
    if (this.#open.shut.some((door) => door.transport === transport)) throw doorShut(transport);
    return false;
  }

  #networkLater({ host, port }: { readonly host: string; readonly port: number }): PeerLocation {
    if (port === 0) this.#isOpen(transports.network);
    const hints = { host, port: String(port) };
    return { transport: transports.network, designator: this.#designator, hints };
  }
}
