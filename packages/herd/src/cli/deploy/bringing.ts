/**
 * A release on its way from here to a slot, or to who brings it to others: what is sent next a pure machine says
 * (packages/deploy/src/carrier/sending.ts), and this drives it. Whatever came stays there for a while, so that who
 * begins anew goes on where it ended.
 */
import {
  beginSending,
  contentsOf,
  nextStep,
  offerAnswered,
  pieceAnswered,
  writeSignatures,
  type PieceToSend,
  type Sending,
} from '@bellwether/deploy';
import type { ReleaseFileReader } from '@bellwether/deploy/node';
import { Malformed, sha256Of, type Offer, type Offered } from '@bellwether/shepherd';
import { BadAnswer } from '../../client/answers.ts';
import type { Patience } from '../../client/line.ts';
import type { ReleaseClient } from '../../client/releases.ts';

/** What is brought, where to, and who is told. */
export interface Bringing {
  readonly client: ReleaseClient;
  readonly release: ReleaseFileReader;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How long one question waits. */
  readonly patience: Patience;
  /** Bytes that are there by now, of so many that were missing. May throw to end it. */
  readonly told: (doneBytes: number, allBytes: number) => void;
}
/** What was sent. */
export interface Brought {
  readonly pieceCount: number;
  readonly byteCount: number;
}

/** How a release is offered. */
export const offerOf = ({ digest, manifestBytes, signatures }: ReleaseFileReader): Offer => ({
  release: digest,
  manifestBytes: manifestBytes.length,
  ...(signatures.length > 0 && { signatures: writeSignatures(signatures) }),
});

/** Sends what is missing of a release. @throws what the slot refuses, and what keeps it from being reached */
export const bring = async (bringing: Bringing): Promise<Brought> => {
  const { client, release, patience, told } = bringing;
  const flights = new Flights(bringing);
  for (;;) {
    const step = flights.next();
    switch (step.kind) {
      case 'done':
        return flights.sending;
      case 'wait':
        await flights.landed();
        break;
      case 'offer': {
        const { after } = step;
        const offer = { ...offerOf(release), ...(after !== undefined && { after }) };
        flights.answered(await client.offer(offer, patience));
        break;
      }
      case 'piece':
        await flights.begin(step);
        told(flights.sending.doneBytes, flights.sending.allBytes);
    }
  }
};

/** How far it is, and the pieces that are on their way. */
class Flights {
  sending: Sending;
  readonly #bringing: Bringing;
  readonly #flying = new Set<Promise<void>>();
  #failure: { readonly reason: unknown } | undefined = undefined;
  constructor(bringing: Bringing) {
    this.#bringing = bringing;
    const { digest, manifest, manifestBytes } = bringing.release;
    const contents = contentsOf(manifest).map(({ sha256, size }) => [sha256, size] as const);
    this.sending = beginSending(new Map([[sha256Of(digest), manifestBytes.length], ...contents]));
  }

  /** What is to be done next. @throws the first failure */
  next(): ReturnType<typeof nextStep>[0] {
    if (this.#failure !== undefined) throw this.#failure.reason;
    const [step, sending] = nextStep(this.sending);
    this.sending = sending;
    return step;
  }
  /** @throws BadAnswer */
  answered(offered: Offered): void {
    try {
      this.sending = offerAnswered(this.sending, offered);
    } catch (error) {
      throw error instanceof Malformed ? new BadAnswer(error.message) : error;
    }
  }
  /** Waits for an answer, of which there is one to come. */
  async landed(): Promise<void> {
    await Promise.race(this.#flying);
  }
  /** Sends a piece; settles when it is on its way. */
  async begin(piece: PieceToSend): Promise<void> {
    const { client, patience, now } = this.#bringing;
    const { sha256, offset } = piece;
    const bytes = await this.#read(piece);
    const askedMs = now();
    const flight = client.put(sha256, offset, bytes, patience).then(
      ({ have }) => {
        this.sending = pieceAnswered(this.sending, piece, have, now() - askedMs);
      },
      (reason: unknown) => {
        this.#failure ??= { reason };
      },
    );
    this.#flying.add(flight);
    void flight.then(() => this.#flying.delete(flight));
  }
  #read({ sha256, offset, byteCount }: PieceToSend): Promise<Uint8Array> {
    const { release } = this.#bringing;
    if (sha256 !== sha256Of(release.digest)) return release.read(sha256, offset, byteCount);
    return Promise.resolve(release.manifestBytes.slice(offset, offset + byteCount));
  }
}
