import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeLogFiles } from '../../../packages/shepherd/src/node/log-files.ts';
import { makeProber } from '../../../packages/shepherd/src/node/prober.ts';
import { Starts } from '../../../packages/shepherd/src/node/starts.ts';
import { answerOf, makeFolder } from './support.ts';

const prober = () => {
  const folder = makeFolder();
  open.push({ close: () => fs.rmSync(folder, { recursive: true }) });
  return makeProber({
    defaults: { env: process.env, cwd: folder },
    starts: new Starts(path.join(folder, 'starts')),
    logFiles: makeLogFiles({ folder, wall: Date.now }),
  });
};
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
const listen = async (server: net.Server): Promise<number> => {
  open.push(server);
  if (server instanceof http.Server) open.push({ close: () => server.closeAllConnections() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
};
const serve = (handler: http.RequestListener) => listen(http.createServer(handler));
const probe = async (url: string, timeoutMs = 2_000) => {
  const { answer, value } = answerOf<boolean>();
  prober().http(url, timeoutMs, answer);
  return value;
};
const probeTcp = async (port: number) => {
  const { answer, value } = answerOf<boolean>();
  prober().tcp('127.0.0.1', port, 2_000, answer);
  return value;
};
const closedPort = async (): Promise<number> => {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

describe('the http probe', () => {
  it.each([
    [200, true],
    [204, true],
    [302, true],
    [399, true],
    [400, false],
    [404, false],
    [503, false],
  ])('takes status %i as ready: %s', async (status, isReady) => {
    const port = await serve((_request, response) => response.writeHead(status).end());
    expect(await probe(`http://127.0.0.1:${port}/health?x=1`)).toBe(isReady);
  });

  it('does not follow a redirect', async () => {
    const asked: string[] = [];
    const port = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(301, { location: '/elsewhere' }).end();
    });
    expect(await probe(`http://127.0.0.1:${port}/health`)).toBe(true);
    expect(asked).toEqual(['/health']);
  });

  it('does not wait for a body that never ends', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200).write('and so on');
    });
    expect(await probe(`http://127.0.0.1:${port}/`)).toBe(true);
  });

  it('gives up on a server that takes the connection and says nothing', async () => {
    const port = await serve(() => {});
    expect(await probe(`http://127.0.0.1:${port}/`, 50)).toBe(false);
  });

  it('takes garbage, a hang-up and a closed port as not ready', async () => {
    const rude = await listen(net.createServer((socket) => socket.end('garbage\r\n\r\n')));
    expect(await probe(`http://127.0.0.1:${rude}/`)).toBe(false);
    const short = await listen(net.createServer((socket) => socket.destroy()));
    expect(await probe(`http://127.0.0.1:${short}/`)).toBe(false);
    expect(await probe(`http://127.0.0.1:${await closedPort()}/`)).toBe(false);
  });

  it.each(['', 'nonsense', 'file:///etc/passwd', 'ftp://a/'])('breaks for %j', async (url) => {
    await expect(probe(url)).rejects.toThrow(TypeError);
  });
});

describe('the tcp probe', () => {
  it('is ready where somebody listens, and not where nobody does', async () => {
    expect(await probeTcp(await listen(net.createServer((socket) => socket.end())))).toBe(true);
    expect(await probeTcp(await closedPort())).toBe(false);
  });
});
