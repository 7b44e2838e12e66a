/** A browser as a peer: a page that holds a ref, and dials a shepherd over WebSocket. */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { describe, expect } from 'vitest';
import { it } from '../support/placed.ts';
import { configOf, freePort, type Place } from '../support/programs.ts';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (file) => fs.existsSync(file),
);

/** The page as a browser gets it; anything of Node in it, and esbuild refuses. */
const bundled = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, '../support/page-peer.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
};
/** Serves the page under an origin of its own, which is the result. */
const servePage = async (place: Place, script: string, port = 0): Promise<string> => {
  const server = http.createServer((request, response) => {
    const isScript = request.url === '/peer.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script src="/peer.js"></script>');
  });
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
  place.atEnd(() => new Promise((done) => server.close(done)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return `http://127.0.0.1:${address.port}`;
};
interface InPage {
  callShepherd(uri: string): Promise<object>;
}

describe.skipIf(program === undefined)(
  'a page in a browser (skipped where there is no chromium: apt-get install chromium)',
  () => {
    it('calls, pipelines and is pushed to where its origin is let in, and is refused elsewhere', async ({
      place,
    }) => {
      const script = await bundled();
      const [ours, theirs] = [
        await servePage(place, script, await freePort()),
        await servePage(place, script),
      ];
      const n = await place.shepherd(
        'n',
        configOf(
          'n',
          `service({ provision: ['web'], start: exec(['sleep', '600']) })`,
          `{ unix: true, websocket: { host: '127.0.0.1', port: 0, origins: ['${ours}'] } }`,
        ),
      );
      const file = path.join(place.folder, 'web.ref');
      expect((await n.herd('ref', 'mint', 'web', '--out', file)).code).toBe(0);
      const uri = fs.readFileSync(file, 'utf8').trim();
      const browser = await chromium.launch({
        executablePath: program ?? '',
        args: ['--no-sandbox', '--disable-gpu'],
      });
      place.atEnd(() => browser.close());
      const called = async (origin: string): Promise<unknown> => {
        const page = await browser.newPage();
        await page.goto(origin);
        return page.evaluate((uri) => (globalThis as unknown as InPage).callShepherd(uri), uri);
      };
      expect(await called(ours)).toMatchObject({
        before: { stage: 'stopped' },
        outcome: { result: 'changed' },
        after: { stage: 'running' },
        stages: expect.arrayContaining(['stopped', 'running']),
        hasNode: false,
      });
      await expect(called(theirs)).rejects.toThrow(/no WebSocket could be had there/u);
    });
  },
);
