/**
 * One end of a connection: what its owner holds.
 *
 *     sent → in flight (a link's delay) → inbox → told, a chunk at a time, in pieces that the seed cuts
 *
 *     state | event                        | the handler is told | the other end sees
 *     ------+------------------------------+---------------------+--------------------------------
 *     open  | bytes, room again            | bytes, drained      |
 *     open  | the other end's end arrived  | closed()            | nothing: it is over there
 *     open  | close                        | nothing             | the rest, then closed()
 *     open  | the netlayer is closed       | closed(reason)      | the rest, then closed()
 *     open  | reset, or given up           | closed(reason)      | a reset once it sends
 *     open  | crash of its host            | nothing             | a reset: at once, or once it sends
 *
 * Every state but `open` is final, and the handler is forgotten on the way. The dialler's end counts as open before
 * the acceptor's yes has arrived: its handler then is the attempt to dial.
 */
import type { Accept, Connection, ConnectionHandler, PeerLocation } from '@bellwether/ocapn';
import { NetworkError } from './errors.ts';
import { Inbox, type Item } from './inbox.ts';
import type { MemoryLimits } from './limits.ts';
import type { Link, MemoryWorld } from './link.ts';

/** What all ends of one network share. */
export interface Setting {
  readonly world: MemoryWorld;
  readonly limits: MemoryLimits;
}
/** What an end is made of. */
export interface EndParts {
  /** Where it sends. */
  readonly out: Link;
  readonly proved: PeerLocation | undefined;
  /** Called once when it is open no more. */
  readonly gone: (end: End) => void;
}
/** Who waits for the acceptor's yes. */
export interface Opening {
  opened(): void;
  failed(reason: Error): void;
}

/** Made in pairs, see `join`. */
export class End implements Connection {
  readonly proved: PeerLocation | undefined;
  readonly records = false;
  readonly #setting: Setting;
  readonly #parts: EndParts;
  readonly #inFlight: Item[];
  readonly #inbox: Inbox;
  #other: End | undefined;
  #opening: Opening | undefined;
  #handler: ConnectionHandler | undefined;
  #state: 'open' | 'ended' | 'dead';
  #isPaused: boolean;
  #isPumping: boolean;
  #unreadBytes: number;
  #isFull: boolean;
  /** What is sent gets lost on the way, for good. */
  #isMute: boolean;
  #stopDoubt: (() => void) | undefined;

  constructor(setting: Setting, parts: EndParts) {
    this.proved = parts.proved;
    this.#setting = setting;
    this.#parts = parts;
    this.#inFlight = [];
    this.#inbox = new Inbox(setting.world, setting.limits);
    this.#other = undefined;
    this.#opening = undefined;
    this.#handler = undefined;
    this.#state = 'open';
    this.#isPaused = false;
    this.#isPumping = false;
    this.#unreadBytes = 0;
    this.#isFull = false;
    this.#isMute = false;
    this.#stopDoubt = undefined;
  }

  /** Joins a dialler's end with an acceptor's, and sends the acceptor's yes. */
  static join(dialler: End, acceptor: End, opening: Opening): void {
    dialler.#other = acceptor;
    acceptor.#other = dialler;
    dialler.#opening = opening;
    acceptor.#post('open');
  }

  /** Hands this end to whoever accepts. */
  start(accept: Accept): void {
    const handler = accept(this);
    if (this.#state !== 'open') return;
    this.#handler = handler;
    this.#pump();
  }

  send(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return false;
    if (bytes.length > 0) {
      this.#unreadBytes += bytes.length;
      this.#post(bytes);
      this.doubt();
    }
    if (this.#unreadBytes > this.#setting.limits.windowBytes) this.#isFull = true;
    return !this.#isFull;
  }
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
    this.#pump();
  }
  close(_reason?: Error): void {
    if (this.#state !== 'open') return;
    this.#post('end');
    this.#retire('ended');
  }
  /** As `close`, but the handler is told. */
  end(reason?: Error): void {
    const handler = this.#handler;
    this.close();
    handler?.closed(reason);
  }
  /** The connection broke here; the other end learns it when it sends. */
  reset(reason: Error): void {
    if (this.#state !== 'open') return;
    const handler = this.#handler;
    const opening = this.#opening;
    this.#retire('dead');
    opening?.failed(reason);
    handler?.closed(reason);
  }
  /** The process is gone, and tells nobody itself; with `isTold` its kernel resets the other end. */
  vanish(isTold: boolean): void {
    if (this.#state === 'open') this.#retire('dead');
    if (isTold) this.#resetOther();
  }
  /** From now on nothing that it sends arrives anywhere. */
  mute(): void {
    this.#isMute = true;
    this.doubt();
  }
  /** Starts to wait for a cut link, if there is something that it keeps from arriving. */
  doubt(): void {
    const { out } = this.#parts;
    const isLost = (): boolean => this.#isMute || out.isCut;
    if (this.#stopDoubt !== undefined || !isLost() || this.#unreadBytes === 0) return;
    this.#stopDoubt = this.#setting.world.at(this.#setting.limits.giveUpMs, () => {
      this.#stopDoubt = undefined;
      if (isLost()) this.reset(new NetworkError('unreachable', 'the peer is silent'));
    });
  }

  #retire(state: 'ended' | 'dead'): void {
    this.#state = state;
    this.#opening = undefined;
    this.#handler = undefined;
    this.#inbox.clear();
    this.#stopDoubt?.();
    this.#stopDoubt = undefined;
    this.#parts.gone(this);
  }

  #post(item: Item): void {
    const other = this.#other;
    if (other === undefined || this.#isMute) return;
    // The nth arrival takes the nth item, so order holds whatever the delays.
    other.#inFlight.push(item);
    this.#parts.out.carry(() => other.#arrive());
  }

  #arrive(): void {
    const item = this.#inFlight.shift();
    if (item === undefined) return;
    if (this.#state === 'open') {
      this.#inbox.push(item);
      this.#pump();
    } else if (this.#state === 'dead' && item !== 'end') this.#resetOther();
  }

  #resetOther(): void {
    const other = this.#other;
    if (this.#isMute) return;
    const reason = new NetworkError('unreachable', 'the peer has reset the connection');
    this.#parts.out.carry(() => other?.reset(reason));
  }

  #pump(): void {
    if (this.#isPumping || this.#isPaused || this.#inbox.isEmpty) return;
    this.#isPumping = true;
    this.#setting.world.at(0, () => {
      this.#isPumping = false;
      if (this.#state === 'open' && !this.#isPaused) this.#step();
    });
  }

  #step(): void {
    const item = this.#inbox.next();
    if (item === 'open') this.#opened();
    else if (item === 'end') this.#ended();
    else if (item !== undefined) this.#tell(item);
    this.#pump();
  }

  #opened(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.opened();
  }

  #ended(): void {
    const handler = this.#handler;
    this.#retire('ended');
    handler?.closed();
  }

  #tell(chunk: Uint8Array): void {
    const other = this.#other;
    this.#handler?.bytes(chunk);
    if (other !== undefined) other.#read(chunk.length, this.#parts.out);
    // The chunk was borrowed: whoever kept it without a copy shall notice.
    chunk.fill(0xaa);
  }

  /** The other end has read some of ours; the news travels on its link. */
  #read(byteCount: number, back: Link): void {
    this.#unreadBytes -= byteCount;
    if (!this.#isFull || this.#unreadBytes > this.#setting.limits.windowBytes / 2) return;
    this.#isFull = false;
    back.carry(() => this.#handler?.drained());
  }
}
