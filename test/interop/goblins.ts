/**
 * Bellwether and Guile Goblins 0.18 over tcp-tls, both ways, as separate processes on loopback.
 *
 *     npm run interop -- goblins ROOT
 *
 * ROOT is a folder with a Debian that has guile-goblins (and is entered with chroot, so this needs root):
 *
 *     debootstrap --variant=minbase --include=guile-goblins sid ROOT
 */
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {
  createVat,
  type Bcom,
  type Behavior,
  type Frontier,
  type Ref,
  type Turn,
  type Vat,
  type Vow,
} from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import {
  createRouter,
  parseUri,
  Sturdyref,
  sturdyrefUri,
  type PeerLocation,
  type Router,
} from '@bellwether/ocapn';

const [root] = process.argv.slice(2);
if (root === undefined || !fs.existsSync(path.join(root, 'usr/share/guile/site/3.0/goblins'))) {
  process.stderr.write(
    'usage: npm run interop -- goblins ROOT\nROOT is a Debian with guile-goblins; see the top of test/interop/goblins.ts\n',
  );
  process.exit(2);
}

interface Counter {
  echo(value: unknown): unknown;
  add(n: number): number;
  fail(): void;
  self(): Ref<Counter>;
  tell(listener: Ref<Listener>, word: string): Vow<unknown>;
}
interface Listener {
  hear(word: string): string;
}
const makeCounter = (
  turn: Turn<Counter>,
  _bcom: Bcom<Counter>,
  start: number,
): Behavior<Counter> => {
  const count = turn.cell(start);
  return {
    echo: (_turn, value) => value,
    add: (_turn, n) => {
      count.set(count.get() + n);
      return count.get();
    },
    fail: () => {
      throw new RangeError('on purpose');
    },
    self: (turn) => turn.spawn(makeCounter, 100),
    tell: (turn, listener, word) => turn.send(listener, 'hear', word),
  };
};
const makeListener = (
  _turn: Turn<Listener>,
  _bcom: Bcom<Listener>,
  told: (word: string) => void,
): Behavior<Listener> => ({
  hear: (turn, word) => {
    turn.effect(() => told(word));
    return 'thanks';
  },
});

/** A peer of ours that listens and gives out one counter. */
const makePeer = (
  listens: boolean,
): {
  vat: Vat & Frontier;
  router: Router;
  listen(): Promise<PeerLocation>;
  give(swissnum: Uint8Array, ref: Ref): void;
} => {
  const clock = nodeClock();
  const { vat: scheduler, flush } = nodeSchedulers();
  const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    if (process.env['VERBOSE'] !== undefined) console.error(event, fields);
  };
  const vat = createVat({ name: 'peer', clock, scheduler, log });
  const identity = openIdentity(makeIdentity());
  const given = new Map<string, Ref>();
  const router = createRouter({
    vat,
    netlayers: [
      tlsNetlayer(
        listens ? { identity, place: { host: '127.0.0.1', bindHost: '127.0.0.1' } } : { identity },
      ),
    ],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log,
    designator: identity.designator,
    fetch: (swissnum) => given.get(Buffer.from(swissnum).toString('hex')),
  });
  return {
    vat,
    router,
    give: (swissnum, ref) => void given.set(Buffer.from(swissnum).toString('hex'), ref),
    listen: () =>
      new Promise((resolve, reject) =>
        router.listen(
          ([at]) => (at === undefined ? reject(new Error('listens nowhere')) : resolve(at)),
          reject,
        ),
      ),
  };
};

const guile = (
  script: string,
  input?: string,
): { child: ChildProcess; lines: AsyncIterable<string> } => {
  const child = spawn(
    'chroot',
    [
      root,
      'guile',
      '--no-auto-compile',
      '-c',
      fs.readFileSync(path.join('test/interop/goblins', script), 'utf8'),
    ],
    {
      stdio: ['pipe', 'pipe', process.env['VERBOSE'] === undefined ? 'ignore' : 'inherit'],
    },
  );
  child.stdin?.end(input === undefined ? '' : `${input}\n`);
  const lines = (async function* () {
    let rest = '';
    for await (const chunk of child.stdout ?? []) {
      const parts = `${rest}${String(chunk)}`.split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  })();
  return { child, lines };
};

let passed = 0;
let failed = 0;
const check = (what: string, found: unknown, wanted: unknown): void => {
  const isSame = JSON.stringify(found) === JSON.stringify(wanted);
  if (isSame) passed += 1;
  else failed += 1;
  process.stdout.write(
    `${isSame ? 'ok  ' : 'FAIL'} ${what}${isSame ? '' : `: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`}\n`,
  );
};
const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    promise.then(
      (value) => value,
      (error: Error) => `broken: ${error.message}`,
    ),
    new Promise((resolve) => setTimeout(() => resolve('no answer in 20 s'), 20_000)),
  ]);

/** We call Goblins. */
const outward = async (): Promise<void> => {
  const { child, lines } = guile('server.scm');
  try {
    let uri = '';
    for await (const line of lines)
      if (line.startsWith('ocapn://')) {
        uri = line;
        break;
      }
    const ref = parseUri(uri);
    if (!(ref instanceof Sturdyref)) throw new Error(`Goblins printed no sturdyref: ${uri}`);
    const { vat, router } = makePeer(false);
    const counter = router.enliven<Counter>(ref);
    for (const value of [
      'hello',
      7,
      -7,
      2 ** 70,
      1.5,
      true,
      false,
      [1, 'two', [3]],
      { host: 'a', port: 'b' },
    ])
      check(
        `echo ${JSON.stringify(value)} by Goblins`,
        await outcome(vat.run((turn) => turn.send(counter, 'echo', value))),
        value,
      );
    check(
      'adds in the order sent',
      await outcome(
        Promise.all([2, 3, 5].map((n) => vat.run((turn) => turn.send(counter, 'add', n)))),
      ),
      [2, 5, 10],
    );
    check(
      'three deep, pipelined',
      await outcome(
        vat.run((turn) => turn.send(turn.send(turn.send(counter, 'self'), 'self'), 'add', 1)),
      ),
      101,
    );
    check(
      'a failure breaks',
      String(await outcome(vat.run((turn) => turn.send(counter, 'fail')))).startsWith('broken'),
      true,
    );
    let heard = '';
    check(
      'calls us back',
      await outcome(
        vat.run((turn) =>
          turn.send(
            counter,
            'tell',
            turn.spawn(makeListener, (word: string) => (heard = word)),
            'news',
          ),
        ),
      ),
      'thanks',
    );
    check('and was heard', heard, 'news');
    const wrong = new Sturdyref(ref.peer, new Uint8Array(32));
    check(
      'a wrong swissnum breaks',
      String(
        await outcome(vat.run((turn) => turn.send(router.enliven<Counter>(wrong), 'add', 1))),
      ).startsWith('broken'),
      true,
    );
    const liar = new Sturdyref(
      { ...ref.peer, designator: `a${ref.peer.designator.slice(1)}` },
      ref.reveal(),
    );
    check(
      'another certificate behind the designator is refused',
      String(
        await outcome(vat.run((turn) => turn.send(router.enliven<Counter>(liar), 'add', 1))),
      ).startsWith('broken'),
      true,
    );
    router.close();
  } finally {
    child.kill('SIGKILL');
  }
};

/** Goblins calls us. */
const inward = async (): Promise<void> => {
  const { vat, router, listen, give } = makePeer(true);
  const at = await listen();
  const swissnum = nodeCrypto().random(32);
  give(swissnum, (await vat.run((turn) => turn.spawn(makeCounter, 0))) as Ref);
  const { child, lines } = guile('client.scm', sturdyrefUri(new Sturdyref(at, swissnum)));
  const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
  const wanted = new Set([
    'echo: "hello"',
    'add: 2',
    'add: 5',
    'pipelined: 101',
    'failed:',
    'heard: "news"',
    'told: thanks',
    'refused:',
  ]);
  const found: string[] = [];
  for await (const line of lines) {
    if (/^[a-z]+:/.test(line)) found.push(line);
    if (found.length >= wanted.size) break;
  }
  clearTimeout(timer);
  child.kill('SIGKILL');
  for (const line of wanted) check(`Goblins sees ${line}`, found.includes(line), true);
  check('the session names whom the certificate proves', router.sessions().length <= 1, true);
  router.close();
};

await outward();
await inward();
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
