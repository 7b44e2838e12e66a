/** Bringing a release to a slot, as `herd` asks for it. */
import { readOffered, readPut, type Offer, type Offered, type Put } from '@bellwether/shepherd';
import { checked } from './answers.ts';
import { ask } from './ask.ts';
import type { Line, Patience } from './line.ts';

/** What a slot takes. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface ReleaseClient {
  /** What it lacks of a release. */
  offer(offer: Offer, patience: Patience): Promise<Offered>;
  /** A piece of that. */
  put(sha256: string, offset: number, bytes: Uint8Array, patience: Patience): Promise<Put>;
}

/** Asks over a line to a facet or, where the slot has a name, to the local root that has it. */
export const releaseClient = (line: Line, name?: string): ReleaseClient => {
  const target = name === undefined ? [] : [name];
  return {
    offer: (offer, patience) => ask(line, 'offer', [...target, offer], patience, offeredIn),
    put: (sha256, offset, bytes, patience) =>
      ask(line, 'put', [...target, sha256, offset, bytes], patience, putIn),
  };
};

const offeredIn = checked(readOffered, 'offer');
const putIn = checked(readPut, 'put');
