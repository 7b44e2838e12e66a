/**
 * Endo's OCapN over WebSocket, for a benchmark: a program of its own, which takes it from a checkout.
 *
 *     node endo-echo.mjs CHECKOUT serve              'location' ──► parent; then as other-end.ts
 *     node endo-echo.mjs CHECKOUT call LOCATION      'ready' ──► parent
 *     parent ── { inFlight, ms } ──► call            { count, ms, cpuUs } ──► parent
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [checkout = '', role, locationText = 'null'] = process.argv.slice(2);
const of = (file) => import(pathToFileURL(path.join(checkout, 'packages', file)).href);
await of('init/index.js');
const { E } = await of('eventual-send/src/no-shim.js');
const { Far } = await of('marshal/index.js');
const { makeClient } = await of('ocapn/src/client/index.js');
const { makeWebSocketNetLayer } = await of('ocapn/src/netlayers/websocket.js');
const { encodeSwissnum } = await of('ocapn/src/client/util.js');

const swissnum = 'Bellwether-echo-Bellwether-echo!';
const quiet = { log() {}, info() {}, error: (...words) => console.error(...words) };
const objects = new Map([[swissnum, Far('echo', { echo: (value) => value })]]);
const client = makeClient({
  debugLabel: role,
  swissnumTable: objects,
  logger: quiet,
  verbose: false,
});
const { location } = await client.registerNetlayer((handlers) =>
  makeWebSocketNetLayer({ handlers, logger: quiet }),
);
const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
process.once('disconnect', () => process.exit());

const run = (echo, inFlight, ms) =>
  new Promise((done, failed) => {
    const start = performance.now();
    const cpuAtStart = cpuUs();
    let count = 0;
    let open = inFlight;
    const call = () => E(echo).echo(42n).then(answered, failed);
    const answered = () => {
      count += 1;
      const spentMs = performance.now() - start;
      if (spentMs < ms) return call();
      open -= 1;
      if (open === 0) done({ count, ms: spentMs, cpuUs: cpuUs() - cpuAtStart });
      return undefined;
    };
    for (let at = 0; at < inFlight; at += 1) call();
  });

if (role === 'serve') {
  process.on('message', () => process.send({ cpuUs: cpuUs() }));
  process.send(JSON.parse(JSON.stringify(location)));
} else {
  const session = await client.provideSession(JSON.parse(locationText));
  const { getBootstrap } = session;
  const echo = await E(getBootstrap()).fetch(encodeSwissnum(swissnum));
  process.on('message', ({ inFlight, ms }) =>
    run(echo, inFlight, ms).then(
      (counted) => process.send(counted),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    ),
  );
  process.send('ready');
}
