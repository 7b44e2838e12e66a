/**
 * What runs in the page of the browser test: a vat and a router of its own, which only dials. `callShepherd` is what the test
 * calls; what it gives back is plain data.
 */
import { createVat, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { createRouter, parseUri, Sturdyref } from '@bellwether/ocapn';
import {
  type PageChannel,
  pageClock,
  pageCrypto,
  pageNetlayer,
  pageReaper,
  pageSchedulers,
  type PageSocket,
} from '@bellwether/netlayer-websocket/browser';

interface Observer {
  observed(sequence: number, statuses: readonly { readonly stage: string }[]): void;
}
interface Sink {
  rows(rows: readonly unknown[]): void;
}
interface Service {
  probe(timeoutMs: number): { readonly stage: string };
  watch(observer: Ref<Observer>, heartbeatMs: number): void;
  perform(request: object, sink: Ref<Sink>): { readonly result: string };
}

const makePageObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (stage: string) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, statuses) => {
    for (const { stage } of statuses) turn.effect(() => told(stage));
  },
});
const makePageSink = (): Behavior<Sink> => ({ rows: () => undefined });

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((go) => setTimeout(go, 10));
};
const inPage = globalThis as unknown as {
  WebSocket: new (url: string) => PageSocket;
  MessageChannel: new () => PageChannel;
  callShepherd(uri: string): Promise<object>;
};

inPage.callShepherd = async (uri) => {
  const ref = parseUri(uri);
  if (!(ref instanceof Sturdyref)) throw new TypeError('no sturdyref');
  const clock = pageClock();
  const crypto = pageCrypto();
  const { vat: scheduler, flush } = pageSchedulers(new inPage.MessageChannel());
  const vat = createVat({ name: 'page', clock, scheduler });
  const open = (url: string): PageSocket => new inPage.WebSocket(url);
  const router = createRouter({
    vat,
    netlayers: [pageNetlayer({ crypto, open, after: clock.after })],
    crypto,
    clock,
    scheduler: flush,
    reaper: pageReaper(),
    log: () => undefined,
    fetch: () => undefined,
  });
  const stages: string[] = [];
  const service = router.enliven<Service>(ref);
  try {
    // Sent before there is a session: pipelined on the fetch.
    const before = await vat.run((turn) => turn.forward(service, 'probe', [1_000]));
    const told = (stage: string): void => void stages.push(stage);
    const watching = vat.run((turn) =>
      turn.forward(service, 'watch', [turn.spawn(makePageObserver, told), 60_000]),
    );
    const request = {
      operation: 'page-1',
      action: 'start',
      args: [],
      remainingMs: 20_000,
      hops: [],
    };
    const outcome = await vat.run((turn) =>
      turn.forward(service, 'perform', [request, turn.spawn(makePageSink)]),
    );
    await watching;
    await until(() => stages.at(-1) === 'running');
    const after = await vat.run((turn) => turn.forward(service, 'probe', [1_000]));
    return { before, outcome, after, stages, hasNode: 'process' in globalThis };
  } finally {
    router.close();
  }
};
