/**
 * A peer for OCapN's conformance suite: the suite's objects behind tcp-testing-only.
 *
 *     npm run conformance-peer -- --port 22045 --designator bellwether
 *
 * Prints its locator, then READY, and serves until it is told to end. A port of 0 is any free one.
 */
import { parseArgs } from 'node:util';
import { createVat } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { testingNetlayer } from '@bellwether/netlayer-tcp-testing-only';
import { createRouter, parseUri, peerUri, type PeerLocation, threeWays } from '@bellwether/ocapn';
import { IdleCollector } from './conformance/idle-collector.ts';
import { makeObjects } from './conformance/objects.ts';

const USAGE = 'usage: npm run conformance-peer -- --port PORT --designator NAME\n';
const end = (text: string, exitCode: number): never => {
  process.stderr.write(text);
  process.exit(exitCode);
};
const options = (): { readonly port: number; readonly designator: string } => {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        designator: { type: 'string', default: 'bellwether' },
      },
    });
    const { port, designator } = values;
    if (/^\d{1,5}$/u.test(port) && Number(port) < 65_536) return { port: Number(port), designator };
  } catch {
    // Whatever was wrong with it, the usage says what is right.
  }
  return end(USAGE, 2);
};
const { gc: collect } = globalThis;
if (collect === undefined) end('the conformance peer needs --expose-gc\n', 2);

const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
  if (process.env['VERBOSE'] !== undefined) console.error(event, fields);
};
const clock = nodeClock();
const { vat: scheduler, flush } = nodeSchedulers();
const vat = createVat({ name: 'conformance', clock, scheduler, log });
const collector = new IdleCollector(() => collect?.());
const router = createRouter({
  vat,
  netlayers: [testingNetlayer(options())],
  crypto: nodeCrypto(),
  clock,
  scheduler: flush,
  reaper: nodeReaper(),
  log,
  handoffs: threeWays(),
  // The suite is on this machine, and gives us peers of its own to go to.
  mayDial: () => true,
  fetch: (swissnum) => {
    collector.soon();
    return objects.get(Buffer.from(swissnum).toString('latin1'));
  },
  // The suite looks for garbage within 15 s, and has nothing else to say meanwhile. Its older versions, which know other
  // labels, fall over what they are told of it while they wait for something else.
  limits: { garbageMs: 400, lingerMs: 0 },
});
const objects = await vat.run((turn) =>
  makeObjects(turn, {
    collect: collector.soon,
    enliven: (to) => router.enliven(to, 'sturdyref'),
  }),
);
/** Others have to be able to read the locator. */
const announce = (at: PeerLocation): void => {
  const locator = peerUri(at);
  try {
    parseUri(locator);
    process.stdout.write(`${locator}\nREADY\n`);
  } catch (error) {
    end(`${error instanceof Error ? error.message : 'no locator'}\n`, 2);
  }
};
router.listen(
  ([at]) => at !== undefined && announce(at),
  (reason) => end(`${reason.message}\n`, 1),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => router.close(() => process.exit(0)));
