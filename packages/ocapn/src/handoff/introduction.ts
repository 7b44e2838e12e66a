/** Who is introduced to whom, and whether that may be. */
import type { PeerLocation } from '../locator.ts';

/** Two peers that would talk to each other without us from then on. */
export interface Introduction {
  /** 'gifter': we pass on what another peer has. 'exporter': another peer passes on what we have. */
  readonly as: 'gifter' | 'exporter';
  /** Who has the reference, as the gifter; who passes it on, as the exporter. Undefined for an anonymous peer. */
  readonly peer: PeerLocation | undefined;
  /** Who gets it; undefined for an anonymous peer, and where that is this router. */
  readonly receiver: PeerLocation | undefined;
}
/** Asked before a reference is handed off. Must not throw. */
export type MayIntroduce = (introduction: Introduction) => boolean;
