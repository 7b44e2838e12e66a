import http from 'node:http';
import type net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { interimCount, webhookCount } from '../../../packages/shepherd/src/node/limits.ts';
import { makeWebhooks } from '../../../packages/shepherd/src/node/webhooks.ts';
import { answerOf, until } from './support.ts';

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
  await expect(post('file:///secret')).rejects.toThrow(TypeError);
  await expect(post('file:///secret')).rejects.not.toThrow('secret');
});
it('asks so many at once, and the next one when one has answered', async () => {
  const held: http.ServerResponse[] = [];
  const url = await serve((_request, response) => void held.push(response));
  const webhooks = makeWebhooks();
  const told = Array.from({ length: webhookCount + 1 }, () => {
    const { answer, value } = answerOf<number>();
    webhooks.post(url, '{}', 60_000, answer);
    return value;
  });
  await until('as many as may be', () => held.length === webhookCount);
  held[0]?.end();
  await until('the last one', () => held.length > webhookCount);
  for (const response of held) response.end();
  expect(await Promise.all(told)).toEqual(told.map(() => 200));
});
it('gives up in time on what has not had its turn, and goes on', async () => {
  const silent = await serve(() => undefined);
  const webhooks = makeWebhooks();
  const tell = (url: string, timeoutMs: number): Promise<number> => {
    const { answer, value } = answerOf<number>();
    webhooks.post(url, '{}', timeoutMs, answer);
    return value;
  };
  const told = Array.from({ length: webhookCount }, () => tell(silent, 500));
  told.push(tell(silent, 50));
  for (const each of told.toReversed()) await expect(each).rejects.toThrow('no answer within');
  expect(await tell(await serve((_request, response) => response.end()), 60_000)).toBe(200);
});
it('hears of so many announcements of an answer, and not of one more', async () => {
  const url = await serve((request, response) => {
    const count = interimCount + Number(request.url?.endsWith('more'));
    for (let said = 0; said < count; said += 1) response.writeProcessing();
    // Then nobody would ever come back to it.
    if (count === interimCount) response.end();
  });
  expect(await post(url)).toBe(200);
  await expect(post(`${url}/more`, '{}', 600_000)).rejects.toThrow(
    'announces an answer without end',
  );
});
