/**
 * A netlayer that is loaded when somebody listens or dials, and not before: most daemons never do.
 *
 *     asked for the first time   it is loaded; what is asked meanwhile waits for it, in order
 *     cannot be loaded           who asked hears why; it is loaded again for whoever asks later
 *     closed before that         whoever asks later hears that it is closed
 */
import { NetlayerClosed } from '@bellwether/netlayer-stream';
import type { Accept, Netlayer, NetlayerFacts, PeerLocation } from '@bellwether/ocapn';

/** Stands for the netlayer that `load` makes, once. Owned by whoever closes it. */
export class LazyNetlayer implements Netlayer {
  readonly facts: NetlayerFacts;
  readonly #load: () => Promise<Netlayer>;
  #loaded: Promise<Netlayer> | undefined;
  #isClosed: boolean;

  constructor(facts: NetlayerFacts, load: () => Promise<Netlayer>) {
    this.facts = facts;
    this.#load = load;
    this.#loaded = undefined;
    this.#isClosed = false;
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    this.#netlayer().then((netlayer) => netlayer.listen(accept, ready, failed), failed);
  }
  dial(
    to: PeerLocation,
    accept: Accept,
    failed: (reason: Error) => void,
    isForOthers?: boolean,
  ): () => void {
    let cancel: (() => void) | undefined;
    let isOff = false;
    this.#netlayer().then(
      (netlayer) => {
        if (!isOff) cancel = netlayer.dial(to, accept, failed, isForOthers);
      },
      (reason: Error) => {
        if (!isOff) failed(reason);
      },
    );
    return () => {
      isOff = true;
      cancel?.();
    };
  }
  close(done: () => void): void {
    this.#isClosed = true;
    // One that was never asked for anything has nothing open.
    this.#loaded ??= Promise.reject(
      new NetlayerClosed(`${this.facts.transport}: this netlayer is closed`),
    );
    this.#loaded.then(
      (netlayer) => netlayer.close(done),
      () => done(),
    );
  }

  #netlayer(): Promise<Netlayer> {
    this.#loaded ??= this.#once();
    return this.#loaded;
  }
  #once(): Promise<Netlayer> {
    const loaded = this.#load();
    loaded.catch(() => {
      if (this.#loaded === loaded && !this.#isClosed) this.#loaded = undefined;
    });
    return loaded;
  }
}
