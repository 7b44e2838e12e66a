/** A peer that writes its own bytes: what an attacker can do, and no more. */
import type { ConnectionHandler, PeerLocation } from '@bellwether/ocapn';
import { decode, encode, Sym, SyrupRecord } from '@bellwether/ocapn';
import { makeHello } from '../../packages/ocapn/src/identity/hello.ts';
import { Assembly } from '../../packages/ocapn/src/session/assembly.ts';
import { LIMITS } from '../../packages/ocapn/src/limits.ts';
import { labelled, toldTo } from './ocapn-heard.ts';
import type { End, Network } from './ocapn-network.ts';
import { type Peer, simulatedCrypto } from './ocapn-peer.ts';

export const record = (label: string, ...fields: readonly unknown[]): SyrupRecord =>
  new SyrupRecord(new Sym(label), fields);
export const sym = (name: string): Sym => new Sym(name);
/** `<op:deliver <desc:export to> args answer resolver>` */
export const deliver = (
  to: unknown,
  args: readonly unknown[],
  answer: unknown = false,
  resolver: unknown = false,
): SyrupRecord => record('op:deliver', to, args, answer, resolver);
export const toExport = (position: unknown): SyrupRecord => record('desc:export', position);
export const toAnswer = (position: unknown): SyrupRecord => record('desc:answer', position);
export const object = (position: unknown): SyrupRecord => record('desc:import-object', position);
export const promise = (position: unknown): SyrupRecord => record('desc:import-promise', position);

/** One raw connection with a peer. */
export class Raw {
  #end: End | undefined;
  /** Everything the other side has said, as records. */
  readonly heard: SyrupRecord[] = [];
  isClosed = false;
  readonly location: PeerLocation;
  readonly #network: Network;
  #assembly: Assembly | undefined;

  constructor(network: Network, name: string) {
    this.#network = network;
    this.location = { transport: 'sim', designator: name, hints: {} };
  }
  /** A connection that dialled `peer`. `isProved`: the transport says who we are. */
  static dial(network: Network, peer: Peer, name: string, isProved = true): Raw {
    const raw = new Raw(network, name);
    const to = { transport: 'sim', designator: peer.name, hints: {} };
    network.join(raw.location, raw.accept, to, network.acceptorOf(peer.name), isProved);
    return raw;
  }
  get end(): End {
    if (this.#end === undefined) throw new Error('not connected');
    return this.#end;
  }
  readonly accept = (end: End): ConnectionHandler => {
    this.#end = end;
    end.isRaw = true;
    return {
      bytes: (chunk) => this.#take(chunk),
      drained: () => undefined,
      closed: () => void (this.isClosed = true),
    };
  };
  /** Our hello. `location`: whom it claims to be. */
  hello(location: PeerLocation = this.location): Uint8Array {
    const crypto = simulatedCrypto(this.#network.world);
    return makeHello(crypto, crypto.keyPair(), location).bytes;
  }
  send(...records: readonly (SyrupRecord | Uint8Array)[]): void {
    for (const each of records) {
      if (this.end.isClosed) return;
      this.end.send(each instanceof Uint8Array ? each : encode(each));
    }
  }
  /** Says hello and waits until the session stands. */
  greet(): this {
    this.send(this.hello());
    this.#network.world.run();
    return this;
  }
  /** Sends and lets the world come to rest. */
  say(...records: readonly (SyrupRecord | Uint8Array)[]): this {
    this.send(...records);
    this.#network.world.run();
    return this;
  }
  heardOf(label: string): readonly SyrupRecord[] {
    return labelled(this.heard, label);
  }
  /** The reason of the abort that came, if one came. */
  get abortReason(): unknown {
    return this.heardOf('op:abort')[0]?.fields[0];
  }
  /** What one of our resolvers was told: `['fulfill', value]` or `['break', reason]`. */
  told(resolver: number): readonly unknown[] | undefined {
    return toldTo(resolver, this.heard);
  }

  #take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const assembly = this.#assembly ?? new Assembly(LIMITS);
      if (this.#assembly === undefined) assembly.begin(LIMITS.recordBytes);
      this.#assembly = assembly;
      at = assembly.take(chunk, at);
      if (at < 0) return;
      this.#assembly = undefined;
      const said = decode(assembly.finish());
      if (said instanceof SyrupRecord) this.heard.push(said);
    }
  }
}
