/**
 * Sockets that a network netlayer has accepted and that still shake hands: counted, few, and not for long.
 *
 *     accepted, too many from that address   destroyed unheard
 *     not done within handshakeMs            destroyed
 *     too many that are not done             the oldest is destroyed
 */
import type { Socket } from 'node:net';
import { Addresses } from './addresses.ts';
import { HalfOpen } from './half-open.ts';
import type { CrowdLimits } from './limits.ts';
import type { Traffic } from './traffic.ts';

/** In front of one server. */
export class Doorstep {
  readonly #traffic: Traffic;
  readonly #limits: CrowdLimits;
  readonly #addresses: Addresses;
  readonly #halfOpen: HalfOpen;

  constructor(traffic: Traffic, limits: CrowdLimits) {
    this.#traffic = traffic;
    this.#limits = limits;
    this.#addresses = new Addresses(limits);
    this.#halfOpen = new HalfOpen(limits);
  }

  /** Takes over a fresh socket; undefined where it was destroyed. The result is called once it has shaken hands. */
  admit(raw: Socket): (() => void) | undefined {
    this.#traffic.hold(raw);
    if (raw.destroyed) return undefined;
    const countOut = this.#addresses.enter(raw.remoteAddress ?? '');
    if (countOut === undefined) return void raw.destroy();
    raw.once('close', countOut);
    const deadline = setTimeout(() => raw.destroy(), this.#limits.handshakeMs);
    this.#halfOpen.enter(raw);
    const settle = (): void => {
      clearTimeout(deadline);
      this.#halfOpen.leave(raw);
      raw.off('close', settle);
    };
    raw.on('close', settle);
    raw.on('error', ignore);
    return settle;
  }
}

function ignore(): void {
  // A socket that fails before it is a connection has nobody to tell; it is destroyed by Node.
}
