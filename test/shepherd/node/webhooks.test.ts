import http from 'node:http';
import type net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { makeWebhooks } from '../../../packages/shepherd/src/node/webhooks.ts';
import { answerOf } from './support.ts';

const open: http.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});
const serve = async (handler: http.RequestListener): Promise<string> => {
  const server = http.createServer(handler);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/hook`;
};
const post = (url: string, json = '{}', timeoutMs = 5_000): Promise<number> => {
  const { answer, value } = answerOf<number>();
  makeWebhooks().post(url, json, timeoutMs, answer);
  return value;
};

it('posts a text as it is, and answers with the status alone', async () => {
  const got: unknown[] = [];
  const url = await serve((request, response) => {
    request.setEncoding('utf8');
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      got.push([request.method, request.url, request.headers['content-type'], text]);
      response.writeHead(202).end('never read');
    });
  });
  expect(await post(url, '{"service":"wéb"}')).toBe(202);
  expect(got).toEqual([['POST', '/hook', 'application/json', '{"service":"wéb"}']]);
});
it('follows nobody who sends it elsewhere', async () => {
  const seen: string[] = [];
  const there = await serve((_request, response) => {
    seen.push('there');
    response.end();
  });
  const url = await serve((_request, response) =>
    response.writeHead(307, { location: there }).end(),
  );
  expect([await post(url), seen]).toEqual([307, []]);
});
it('gives up on who does not answer, and says what kept it from being told', async () => {
  const silent = await serve(() => undefined);
  await expect(post(silent, '{}', 50)).rejects.toThrow('no answer within 0.05 s');
  const [server] = open.splice(0);
  server?.closeAllConnections();
  await new Promise((done) => server?.close(done));
  await expect(post(silent)).rejects.toThrow(/ECONNREFUSED/);
  await expect(post('file:///etc/passwd')).rejects.toThrow(TypeError);
});
