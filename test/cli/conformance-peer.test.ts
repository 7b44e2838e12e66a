/** The peer for OCapN's suite, as a process: what it prints, what it serves, and that it ends when it is told to. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createVat } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { testingNetlayer } from '@bellwether/netlayer-tcp-testing-only';
import { createRouter, parseUri, Sturdyref } from '@bellwether/ocapn';
import { afterEach, expect, test } from 'vitest';

const ECHO = 'IO58l1laTyhcrgDKbEzFOO32MDd6zE5w';
let child: ChildProcess | undefined;
/** What is started bundles the peer and starts it as its child: where a test fails, both have to go. */
afterEach(() => {
  try {
    if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of them have ended by themselves.
  }
});

const start = (...args: readonly string[]): ChildProcess => {
  child = spawn(process.execPath, ['scripts/bundled.mjs', 'interop', 'conformance-peer', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own
  });
  return child;
};
const linesOf = async (peer: ChildProcess): Promise<readonly string[]> => {
  const lines: string[] = [];
  if (peer.stdout === null) return lines;
  for await (const line of createInterface({ input: peer.stdout })) {
    lines.push(line);
    if (line === 'READY') break;
  }
  return lines;
};

test('prints its locator and READY, serves what the suite fetches, and ends with 0 when told to', async () => {
  const peer = start('--port', '0', '--designator', 'judged');
  const [locator = '', ready] = await linesOf(peer);
  expect([locator, ready]).toEqual([
    expect.stringMatching(/^ocapn:\/\/judged\.tcp-testing-only\?host=127\.0\.0\.1&port=\d+$/u),
    'READY',
  ]);
  const clock = nodeClock();
  const { vat: scheduler, flush } = nodeSchedulers();
  const vat = createVat({ name: 'suite', clock, scheduler });
  const router = createRouter({
    vat,
    netlayers: [testingNetlayer({ designator: 'suite' })],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log: () => undefined,
    fetch: () => undefined,
  });
  const place = parseUri(locator);
  if (place instanceof Sturdyref) throw new Error('a locator, and no sturdyref');
  const echo = router.enliven<{ shout(word: string): unknown }>(
    new Sturdyref(place, new Uint8Array(Buffer.from(ECHO))),
  );
  const echoed = await vat.run((turn) => turn.forward(echo, undefined, ['hello', 1]));
  expect(echoed).toEqual(['hello', 1]);
  router.close();
  peer.kill('SIGTERM');
  expect(await once(peer, 'exit')).toEqual([0, null]);
});

test.each([
  [['--port', '65536'], 'usage: npm run conformance-peer'],
  [['--designator', 'no_such_host'], 'expected a designator'],
])('ends with 2 and says why for %j', async (args, words) => {
  const peer = start(...args);
  let said = '';
  peer.stderr?.on('data', (chunk) => (said += String(chunk)));
  expect(await once(peer, 'close')).toEqual([2, null]);
  expect(said).toContain(words);
});
