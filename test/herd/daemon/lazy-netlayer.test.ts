import path from 'node:path';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { websocketNetlayer } from '@bellwether/netlayer-websocket';
import { WEBSOCKET_FACTS as facts } from '@bellwether/netlayer-websocket/place';
import { type Netlayer, type NetlayerFacts, type PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { netlayersFor } from '../../../packages/herd/src/daemon/doors.ts';
import { LazyNetlayer } from '../../../packages/herd/src/daemon/lazy-netlayer.ts';

const to: PeerLocation = { transport: 'websocket', designator: 'x', hints: {} };
const accept = (): never => {
  throw new Error('nobody connects here');
};
/** A netlayer that says what it was asked. */
const talking = (said: string[]): Netlayer => ({
  facts,
  listen: (_accept, ready) => {
    said.push('listen');
    ready(to);
  },
  dial: () => {
    said.push('dial');
    return () => said.push('cancel');
  },
  close: (done) => {
    said.push('close');
    done();
  },
});
const soon = (): Promise<void> => new Promise((go) => setImmediate(go));

describe('a netlayer that is loaded when it is needed', () => {
  test('is not, where nobody listens or dials; and is closed without it', async () => {
    let loadCount = 0;
    const netlayer = new LazyNetlayer(facts, () => {
      loadCount += 1;
      return Promise.resolve(talking([]));
    });
    expect([netlayer.facts.transport, netlayer.facts.needsHints]).toEqual(['websocket', true]);
    await new Promise<void>((done) => netlayer.close(done));
    const failures: Error[] = [];
    netlayer.dial(to, accept, (reason) => failures.push(reason));
    netlayer.listen(accept, accept, (reason) => failures.push(reason));
    await soon();
    expect(failures).toMatchObject([{ code: 'netlayer-closed' }, { code: 'netlayer-closed' }]);
    expect(loadCount).toBe(0);
  });
  test('is loaded once, and asked in order; a dial that was cancelled by then is none', async () => {
    const said: string[] = [];
    let loadCount = 0;
    const netlayer = new LazyNetlayer(facts, () => {
      loadCount += 1;
      return Promise.resolve(talking(said));
    });
    netlayer.dial(to, accept, accept)();
    const cancel = netlayer.dial(to, accept, accept);
    netlayer.listen(accept, () => said.push('ready'), accept);
    await soon();
    cancel();
    await new Promise<void>((done) => netlayer.close(done));
    expect(said).toEqual(['dial', 'listen', 'ready', 'cancel', 'close']);
    expect(loadCount).toBe(1);
  });
  test('that cannot be loaded tells everybody who asks, and ends', async () => {
    const netlayer = new LazyNetlayer(facts, () => Promise.reject(new Error('not there')));
    const failures: string[] = [];
    netlayer.listen(accept, accept, ({ message }) => failures.push(message));
    netlayer.dial(to, accept, ({ message }) => failures.push(message));
    netlayer.dial(to, accept, ({ message }) => failures.push(message))();
    await new Promise<void>((done) => netlayer.close(done));
    expect(failures).toEqual(['not there', 'not there']);
  });
  test('says of itself before that what it says afterwards, whatever it says', () => {
    const { netlayers } = netlayersFor(
      {
        socket: '/nowhere',
        sharedSocket: undefined,
        tcpTls: undefined,
        websocket: undefined,
        gnu: undefined,
      },
      openIdentity(makeIdentity()),
      () => undefined,
    );
    const lazy = netlayers.find((each) => each instanceof LazyNetlayer);
    expect(lazy?.facts).toEqual(websocketNetlayer({ crypto: nodeCrypto() }).facts);
    const load = (): Promise<never> => Promise.reject(new Error('nobody asks'));
    const odd: NetlayerFacts = { ...facts, tellsEnds: true, believesClaims: true };
    for (const each of [odd, { ...facts, isOpenToAll: true, namesThisMachine: true }])
      expect(new LazyNetlayer(each, load).facts).toEqual(each);
  });
  test('that could not be loaded is loaded again for whoever asks later, and not once it is closed', async () => {
    const said: string[] = [];
    let loadCount = 0;
    const netlayer = new LazyNetlayer(facts, () => {
      loadCount += 1;
      return loadCount === 1
        ? Promise.reject(new Error('not yet'))
        : Promise.resolve(talking(said));
    });
    netlayer.listen(accept, accept, ({ message }) => said.push(message));
    await soon();
    netlayer.listen(accept, () => said.push('ready'), accept);
    await soon();
    expect(said).toEqual(['not yet', 'listen', 'ready']);
    await new Promise<void>((done) => netlayer.close(done));
    expect(loadCount).toBe(2);
  });
  test('of WebSockets is no part of what every daemon loads', async () => {
    const { metafile } = await build({
      entryPoints: [path.resolve(import.meta.dirname, '../../../packages/herd/src/shepherd.ts')],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      outfile: 'shepherd.cjs',
      external: ['esbuild', 'classic-level'],
      logLevel: 'silent',
      plugins: [
        {
          name: 'lazy',
          setup: (plugins) =>
            plugins.onResolve({ filter: /^\./ }, ({ kind, path: asked }) =>
              kind === 'dynamic-import' ? { path: asked, external: true } : undefined,
            ),
        },
      ],
    });
    const files = Object.keys(metafile.outputs['shepherd.cjs']?.inputs ?? {});
    expect(files.some((file) => file.includes('netlayers/tcp-tls'))).toBe(true);
    // What a configuration may say of places is checked by every daemon; nothing else.
    expect(files.filter((file) => /node_modules\/ws\/|netlayers\/websocket/u.test(file))).toEqual([
      expect.stringContaining('netlayers/websocket/src/url.ts'),
    ]);
  });
});
