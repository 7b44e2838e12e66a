/** Somebody who means it: calls a victim all the while that it is attacked, and waits no longer than anybody would. */
import {
  type Bcom,
  type Behavior,
  createVat,
  type Frontier,
  type Ref,
  type Turn,
  type Vat,
  type Vow,
} from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import {
  createRouter,
  type PeerLocation,
  type Router,
  Sturdyref,
  threeWays,
} from '@bellwether/ocapn';
import type { End } from './attack-roads.ts';
import { ZOO, type Zoo } from './attack-victim.ts';

/** As long as `herd` waits. Alone a call takes under 1 ms. */
const PROMPT_MS = 10_000;
/** Between two calls, so that the client is no flood. */
const PAUSE_MS = 5;

export const within = async <T>(what: string, ms: number, of: PromiseLike<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, failed) => {
    const late = (): void => failed(new Error(`not within ${ms} ms: ${what}`));
    // What has come is looked at first: this process may have waited for its machine.
    timer = setTimeout(() => setImmediate(() => setImmediate(late)), ms);
  });
  try {
    return await Promise.race([of, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** A router and what it calls. Close it at the end. */
export class Client {
  readonly designator: string;
  readonly vat: Vat & Frontier;
  readonly router: Router;
  #zoo: Vow<Ref<Zoo>> | undefined;
  #offer: Ref | undefined;

  constructor({ netlayer, designator }: End) {
    const clock = nodeClock();
    const { vat: scheduler, flush } = nodeSchedulers();
    this.designator = designator;
    this.vat = createVat({ name: 'client', clock, scheduler });
    this.router = createRouter({
      vat: this.vat,
      netlayers: [netlayer],
      crypto: nodeCrypto(),
      clock,
      scheduler: flush,
      reaper: nodeReaper(),
      log: () => undefined,
      handoffs: threeWays(),
      fetch: () => this.#offer,
      designator,
    });
  }
  /** Says `words` to whoever asks who is there. @returns where */
  async listen(words: string): Promise<PeerLocation> {
    this.#offer = await this.vat.run((turn) => turn.spawn(makeGreeter, words));
    return new Promise((done, failed) =>
      this.router.listen(([at]) => at !== undefined && done(at), failed),
    );
  }
  /** One call, there and back. */
  async call(at: PeerLocation): Promise<void> {
    this.#zoo ??= this.router.enliven<Zoo>(new Sturdyref(at, ZOO));
    const zoo = this.#zoo;
    const said = this.vat.run((turn) => turn.send(zoo, 'echo', 'well'));
    const heard = await within('an answer to a good client', PROMPT_MS, said);
    if (heard !== 'well') throw new Error(`another answer: ${String(heard)}`);
  }
  /** Calls as long as something goes on. @returns how many calls began after that did, and were answered */
  async meanwhile(at: PeerLocation, what: Promise<void>): Promise<number> {
    let isOver = false;
    const over = what.finally(() => (isOver = true));
    over.catch(() => undefined); // awaited below
    let count = 0;
    do {
      await this.call(at);
      count += 1;
      await new Promise((go) => setTimeout(go, PAUSE_MS));
    } while (!isOver);
    await over;
    return count;
  }
  close(): Promise<void> {
    return new Promise((done) => this.router.close(done));
  }
}

interface Greeter {
  echo(): string;
}
const makeGreeter = (
  _turn: Turn<Greeter>,
  _bcom: Bcom<Greeter>,
  words: string,
): Behavior<Greeter> => ({ echo: () => words });
