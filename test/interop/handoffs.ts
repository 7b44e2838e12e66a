/**
 * Handoffs among Bellwether and Guile Goblins 0.18 over tcp-tls: each of the two as gifter, receiver and exporter, every
 * party a peer of its own.
 *
 *     npm run interop -- handoffs ROOT
 *
 * ROOT is as for `npm run interop -- goblins`; see the top of test/interop/goblins.ts.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  createVat,
  type Answer,
  type Bcom,
  type Behavior,
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
  type Router,
  Sturdyref,
  sturdyrefUri,
  threeWays,
} from '@bellwether/ocapn';

const PATIENCE_MS = 30_000;
const [root = ''] = process.argv.slice(2);
if (!fs.existsSync(path.join(root, 'usr/share/guile/site/3.0/goblins'))) {
  process.stderr.write('usage: npm run interop -- handoffs ROOT\n');
  process.exit(2);
}
const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
  if (process.env['VERBOSE'] !== undefined) console.error(event, fields);
};

interface Party {
  hear(word: string): number;
  heard(): readonly string[];
  tell(listener: Ref<Party>, word: string): Vow<number>;
  pass(receiver: string, exporter: string, word: string): Vow<number>;
}
const makeParty = (
  turn: Turn<Party>,
  _bcom: Bcom<Party>,
  enliven: (to: Sturdyref) => Vow<Ref<Party>>,
): Behavior<Party> => {
  const heard = turn.cell<readonly string[]>([]);
  const reach = (turn: Turn, uri: string): Vow<Ref<Party>> =>
    turn.ask((answer: Answer) => answer.kept(enliven(sturdyrefOf(uri))));
  return {
    hear: (_turn, word) => {
      heard.set([...heard.get(), word]);
      return heard.get().length;
    },
    heard: () => heard.get(),
    tell: (turn, listener, word) => {
      turn.tell(listener, 'hear', word);
      return turn.send(listener, 'hear', `${word}!`);
    },
    pass: (turn, receiver, exporter, word) =>
      turn.when(reach(turn, exporter), (turn, listener) =>
        turn.send(reach(turn, receiver), 'tell', listener, word),
      ),
  };
};
const sturdyrefOf = (uri: string): Sturdyref => {
  const found = parseUri(uri);
  if (found instanceof Sturdyref) return found;
  throw new Error(`no sturdyref: ${uri}`);
};

/** A party in a process, or a vat, of its own. */
interface Running {
  readonly uri: string;
  end(): void;
}
const makeVat = (listens: boolean): { vat: Vat; router: Router; give: (ref: Ref) => void } => {
  const clock = nodeClock();
  const { vat: scheduler, flush } = nodeSchedulers();
  const vat = createVat({ name: 'party', clock, scheduler, log });
  const identity = openIdentity(makeIdentity());
  const place = { host: '127.0.0.1', bindHost: '127.0.0.1' };
  let party: Ref | undefined;
  const router = createRouter({
    vat,
    netlayers: [tlsNetlayer(listens ? { identity, place } : { identity })],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log,
    designator: identity.designator,
    handoffs: threeWays(),
    fetch: () => party,
  });
  return { vat, router, give: (ref) => (party = ref) };
};
const startOurs = async (): Promise<Running> => {
  const { vat, router, give } = makeVat(true);
  give(
    (await vat.run((turn) =>
      turn.spawn(makeParty, (to: Sturdyref) => router.enliven<Party>(to)),
    )) as Ref,
  );
  const uri = await new Promise<string>((resolve, reject) =>
    router.listen(([at]) => {
      if (at === undefined) reject(new Error('listens nowhere'));
      else resolve(sturdyrefUri(new Sturdyref(at, nodeCrypto().random(32))));
    }, reject),
  );
  return { uri, end: () => router.close() };
};
const startGoblins = async (): Promise<Running> => {
  const script = fs.readFileSync('test/interop/goblins/party.scm', 'utf8');
  const stderr = process.env['VERBOSE'] === undefined ? 'ignore' : 'inherit';
  const child = spawn('chroot', [root, 'guile', '--no-auto-compile', '-c', script], {
    stdio: ['ignore', 'pipe', stderr],
  });
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('ocapn://')) return { uri: line, end: () => void child.kill('SIGKILL') };
  throw new Error('Goblins did not start');
};

const within = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    promise.catch((reason: unknown) => `broken: ${String(reason)}`),
    new Promise((done) => setTimeout(() => done('nothing came'), PATIENCE_MS).unref()),
  ]);

/** Two handoffs, or one more to a second receiver; what came of it. */
const handOff = async (starts: readonly (() => Promise<Running>)[]): Promise<string> => {
  const parties = await Promise.all(starts.map((start) => start()));
  const [gifter, receiver, exporter, another = receiver] = parties.map(({ uri }) => uri);
  const { vat, router } = makeVat(false);
  try {
    if (gifter === undefined || receiver === undefined || exporter === undefined) return 'nobody';
    const reach = (uri: string): Vow<Ref<Party>> => router.enliven<Party>(sturdyrefOf(uri));
    const ask = (word: string, to = receiver): Promise<unknown> =>
      within(vat.run((turn) => turn.send(reach(gifter), 'pass', to, exporter, word)));
    const answers = [await ask('first'), await ask('second'), await ask('third', another)];
    const heard = await within(vat.run((turn) => turn.send(reach(exporter), 'heard')));
    const found = JSON.stringify([answers, heard]);
    const wanted = JSON.stringify([
      [2, 4, 6],
      ['first', 'first!', 'second', 'second!', 'third', 'third!'],
    ]);
    return found === wanted ? 'ok' : `FAIL ${found}`;
  } finally {
    router.close();
    for (const party of parties) party.end();
  }
};

const kinds = [
  ['Bellwether', startOurs],
  ['Goblins', startGoblins],
] as const;
let failedCount = 0;
process.stdout.write('gifter      receiver    exporter\n');
for (const [gifter, startGifter] of kinds)
  for (const [receiver, startReceiver] of kinds)
    for (const [exporter, startExporter] of kinds) {
      const names = [gifter, receiver, exporter].map((name) => name.padEnd(12)).join('');
      const result = await handOff([startGifter, startReceiver, startExporter]);
      if (result !== 'ok') failedCount += 1;
      process.stdout.write(`${names}${result}\n`);
    }
// Goblins has one count for all receivers of a gifter: the second one of them is behind it, and asks once more.
for (const [gifter, startGifter] of kinds) {
  const result = await handOff([startGifter, startOurs, startGoblins, startOurs]);
  if (result !== 'ok') failedCount += 1;
  process.stdout.write(`${gifter.padEnd(12)}two of ours Goblins     ${result}\n`);
}
process.exit(failedCount === 0 ? 0 : 1);
