/**
 * OCapN over the WebSocket of a browser: it only dials, and proves nothing. The browser's own rules for certificates
 * decide what TLS is worth; a `pin` is of no use to it.
 *
 *     opens  →  our challenge  →  its answer is signed by the key that was dialled  →  a connection
 */
import {
  type Accept,
  type Crypto,
  makeChallenge,
  type Netlayer,
  type PeerLocation,
} from '@bellwether/ocapn';
import { isProof } from '../proof.ts';
import {
  clearRefusal,
  nearRefusal,
  targetOf,
  WEBSOCKET_FACTS,
  type WebSocketTarget,
} from '../url.ts';
import { type After, PageConnection } from './connection.ts';
import { DialFailed } from './errors.ts';
import { PAGE_LIMITS, type PageLimits } from './limits.ts';
import { bytesOf, forget, type PageSocket } from './page-socket.ts';

/** What a page hands in. */
export interface PageOptions {
  readonly crypto: Crypto;
  /** `(url) => new WebSocket(url)`; may throw. */
  readonly open: (url: string) => PageSocket;
  readonly after: After;
  readonly limits?: Partial<PageLimits>;
}

/** A netlayer that only dials. Owned by whoever closes it. */
export const pageNetlayer = (options: PageOptions): Netlayer => new PageNetlayer(options);

class PageNetlayer implements Netlayer {
  readonly facts = WEBSOCKET_FACTS;
  readonly #options: PageOptions;
  readonly #limits: PageLimits;
  readonly #connections = new Set<PageConnection>();
  readonly #dials = new Set<(reason: Error) => void>();
  #isClosed = false;

  constructor(options: PageOptions) {
    this.#options = options;
    this.#limits = { ...PAGE_LIMITS, ...options.limits };
  }

  listen(
    _accept: Accept,
    _ready: (at: PeerLocation) => void,
    failed: (reason: Error) => void,
  ): void {
    const reason = new DialFailed('bad-place', 'websocket: nobody can dial a page');
    this.#options.after(0, () => failed(reason));
  }

  /** Where a peer has led us, names are taken as they are written: a page looks up none. */
  dial(
    to: PeerLocation,
    accept: Accept,
    failed: (reason: Error) => void,
    isForOthers = false,
  ): () => void {
    let isOver = false;
    let stop = (): void => undefined;
    const over = (act: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.#dials.delete(fail);
      stop();
      act();
    };
    const fail = (reason: Error): void => over(() => failed(reason));
    this.#dials.add(fail);
    // In a tick of its own: no callback comes before the caller has its cancel.
    stop = this.#options.after(0, () => {
      const connected = (socket: PageSocket): void =>
        over(() => this.#connected(socket, to, accept));
      stop = this.#begin(to, isForOthers, fail, connected);
    });
    return () => over(() => undefined);
  }

  close(done: () => void): void {
    this.#isClosed = true;
    for (const fail of [...this.#dials]) fail(closedReason());
    for (const connection of [...this.#connections]) connection.end(closedReason());
    this.#options.after(0, done);
  }

  /** What it returns ends the attempt. */
  #begin(
    to: PeerLocation,
    isForOthers: boolean,
    fail: (reason: Error) => void,
    connected: (socket: PageSocket) => void,
  ): () => void {
    const nothing = (): void => undefined;
    const { crypto, open, after } = this.#options;
    const target = targetOf(to);
    const refusal = typeof target === 'string' ? target : refusalOf(target, isForOthers);
    if (this.#isClosed) return (fail(closedReason()), nothing);
    if (typeof target === 'string' || refusal !== undefined) {
      const text = `websocket: cannot dial ${to.designator}: ${refusal ?? ''}`;
      return (fail(new DialFailed('bad-place', text)), nothing);
    }
    const place = `websocket: ${target.url}`;
    const { dialMs } = this.#limits;
    const unreachable = (what: string): void =>
      fail(new DialFailed('unreachable', `${place}: ${what}`, what));
    const socket = opened(open, target.url);
    if (typeof socket === 'string') {
      const text = `${place}: the browser does not open it: ${socket}`;
      return (fail(new DialFailed('bad-place', text)), nothing);
    }
    const stopTimer = after(dialMs, () => unreachable(`no answer within ${dialMs} ms`));
    const challenge = makeChallenge(crypto);
    let isOpen = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(challenge);
    // A browser says no more than that, so that no page learns what else is there.
    socket.onclose = () => unreachable('no WebSocket could be had there');
    socket.onmessage = ({ data }) => {
      const answer = bytesOf(data);
      if (answer === undefined || !isProof(crypto, challenge, answer, target.publicKey)) {
        const what = 'the peer has not the key that its designator is';
        return fail(new DialFailed('untrusted', `${place}: ${what}`, what));
      }
      isOpen = true;
      connected(socket);
    };
    return () => {
      stopTimer();
      if (isOpen) return;
      forget(socket);
      socket.close();
    };
  }
  #connected(socket: PageSocket, to: PeerLocation, accept: Accept): void {
    const { after } = this.#options;
    // It may be over by the time that it is made.
    let isOver = false;
    const gone = (connection: PageConnection): void => {
      isOver = true;
      this.#connections.delete(connection);
    };
    const parts = { after, limits: this.#limits, gone };
    const connection = PageConnection.attach(socket, to, parts, accept);
    if (!isOver) this.#connections.add(connection);
  }
}

/** Why a place is not opened; undefined where it may be. */
const refusalOf = (target: WebSocketTarget, isForOthers: boolean): string | undefined =>
  (isForOthers ? nearRefusal(target) : undefined) ?? clearRefusal(target);

/** The browser's words where it refuses at once, as it does a secure page that asks for what is in clear. */
const opened = (open: PageOptions['open'], url: string): PageSocket | string => {
  try {
    return open(url);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const closedReason = (): DialFailed =>
  new DialFailed('netlayer-closed', 'websocket: this netlayer is closed');
