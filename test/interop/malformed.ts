/**
 * The same malformed input to Guile Goblins 0.18 and to Bellwether, over tcp-tls, each case on a connection of its own:
 *
 *     npm run interop -- malformed ROOT
 *
 * ROOT is as for `npm run interop -- goblins`. Prints what both did. What they should do, and why we do it, stands in
 * test/interop/malformed/reactions.md: the exit code is 1 where ours is another reaction. Where that of Goblins is another,
 * a line says so. With `-` as ROOT we alone are asked.
 */
import { type Behavior, createVat, type Ref } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import {
  type Connection,
  createRouter,
  encode,
  parseUri,
  type PeerLocation,
  Sturdyref,
  threeWays,
} from '@bellwether/ocapn';
import { deliver, object, sym, toExport } from '../support/ocapn-raw.ts';
import { bytesOf, type Case, CASES } from './malformed/cases.ts';
import { rowsIn } from './malformed/table.ts';
import { PROBED, Talker } from './malformed/talker.ts';
import { printedRef, rootFrom, startGuile } from './support/goblins.ts';

const isAlone = process.argv[2] === '-';
const root = isAlone ? '' : rootFrom('malformed');
/** Milliseconds in which an answer must come, or none will: Goblins takes 44 ms for one (its TLS waits for our ACKs). */
const PATIENCE_MS = 5_000;

const settled = async (isSo: () => boolean): Promise<void> => {
  const endMs = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < endMs) await new Promise((done) => setTimeout(done, 10));
};

/** A connection to a peer that says nothing by itself. */
const connect = async (
  to: PeerLocation,
): Promise<{ talker: Talker; line: Connection; end(): void }> => {
  const identity = openIdentity(makeIdentity());
  const netlayer = tlsNetlayer({ identity });
  const location = { transport: 'tcp-tls', designator: identity.designator, hints: {} };
  const talker = new Talker(nodeCrypto(), location, to);
  const line = await new Promise<Connection>((resolve, reject) => {
    netlayer.dial(
      to,
      (connection) => {
        resolve(connection);
        return {
          bytes: (chunk) => talker.take(chunk),
          drained: () => undefined,
          closed: () => void (talker.isClosed = true),
        };
      },
      reject,
    );
  });
  return { talker, line, end: () => netlayer.close(() => undefined) };
};

/** What a peer does when it is told this. */
const reactionOf = async (to: Sturdyref, { when, says }: Case): Promise<string> => {
  const connected = await connect(to.peer).catch((error: unknown) => String(error));
  if (typeof connected === 'string') return connected;
  const { talker, line, end } = connected;
  const send = (bytes: Uint8Array): void => {
    if (!talker.isClosed) line.send(bytes);
  };
  const fetch = (resolver: number, answer: number | false): void =>
    send(encode(deliver(toExport(0), [sym('fetch'), to.reveal()], answer, object(resolver))));
  try {
    await settled(() => talker.heard.length > 0);
    if (when === 'open') {
      send(talker.hello());
      fetch(1, 0);
      await settled(() => talker.told(1) !== undefined);
    }
    for (const said of says(talker)) send(bytesOf(said));
    if (when === 'open')
      send(encode(deliver(toExport(talker.zoo), [sym('echo'), 'probe'], false, object(PROBED))));
    else fetch(PROBED, false);
    await settled(() => talker.isClosed || talker.outcome !== 'mute');
    // What is answered later than the probe, such as a vow.
    if (talker.outcome === 'goes on') await new Promise((done) => setTimeout(done, 300));
    return talker.outcome;
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    end();
  }
};

/** A peer that serves the zoo. */
interface Running {
  readonly ref: Sturdyref;
  end(): void;
}
interface Zoo {
  echo(value: unknown): unknown;
}
const makeZoo = (): Behavior<Zoo> => ({ echo: (_turn, value) => value });
const startOurs = async (): Promise<Running> => {
  const clock = nodeClock();
  const { vat: scheduler, flush } = nodeSchedulers();
  const log = (): void => undefined;
  const vat = createVat({ name: 'zoo', clock, scheduler, log });
  const identity = openIdentity(makeIdentity());
  const zoo = (await vat.run((turn) => turn.spawn(makeZoo))) as Ref;
  const router = createRouter({
    vat,
    netlayers: [tlsNetlayer({ identity, place: { host: '127.0.0.1', bindHost: '127.0.0.1' } })],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log,
    designator: identity.designator,
    handoffs: threeWays(),
    mayDial: () => true,
    fetch: (swissnum) => (swissnum.every((byte) => byte === 1) ? zoo : undefined),
  });
  return new Promise((resolve, reject) =>
    router.listen(([at]) => {
      if (at === undefined) reject(new Error('listens nowhere'));
      else
        resolve({ ref: new Sturdyref(at, new Uint8Array(32).fill(1)), end: () => router.close() });
    }, reject),
  );
};
const startGoblins = async (): Promise<Running> => {
  const { child, lines } = startGuile({ root, road: 'tcp-tls', folder: '' }, 'server');
  const ref = parseUri(await printedRef(lines));
  if (!(ref instanceof Sturdyref)) throw new Error('Goblins printed no sturdyref');
  return { ref, end: () => void child.kill('SIGKILL') };
};

/** A message that is in order, to see whether anybody is served. */
const HARMLESS: Case = { name: 'harmless', when: 'open', says: () => [] };
/** All cases, one after the other; a peer that serves nobody after one of them is started anew. */
const reactions = async (start: () => Promise<Running>): Promise<readonly string[]> => {
  const found: string[] = [];
  let peer = await start();
  for (const each of CASES) {
    const reaction = await reactionOf(peer.ref, each);
    const isDone = reaction !== 'mute' || (await reactionOf(peer.ref, HARMLESS)) === 'goes on';
    found.push(isDone ? reaction : `${reaction}, to everybody`);
    if (isDone) continue;
    peer.end();
    peer = await start();
  }
  peer.end();
  return found;
};

const ours = await reactions(startOurs);
const theirs = isAlone ? [] : await reactions(startGoblins);
const rows = new Map(rowsIn('test/interop/malformed/reactions.md').map((row) => [row.name, row]));
let wrongCount = 0;
process.stdout.write(`${'what is said'.padEnd(52)}${'Goblins 0.18'.padEnd(38)} Bellwether\n`);
for (const [at, { name }] of CASES.entries()) {
  const row = rows.get(name);
  const mine = ours[at] ?? '';
  const other = theirs[at] ?? '';
  const isRight = row !== undefined && row.ours === mine;
  if (!isRight) wrongCount += 1;
  process.stdout.write(
    `${name.padEnd(52)}${other.padEnd(38)} ${mine}${isRight ? '' : `   EXPECTED ${row?.ours ?? 'a row'}`}\n`,
  );
  if (!isAlone && row !== undefined && row.goblins !== other)
    process.stdout.write(`    of Goblins the table says: ${row.goblins}\n`);
}
process.stdout.write(`\n${CASES.length - wrongCount} of ${CASES.length} as the table says\n`);
process.exit(wrongCount === 0 ? 0 : 1);
