/**
 * Tells others over HTTP: one attempt each, of whose answer nobody reads more than its status. Redirects are not
 * followed, since what is told is meant for who was named, and no proxy of the environment is asked. URLs may be as
 * good as passwords, so no error has one in it.
 */
import type { Answer } from '@bellwether/actors';
import type { Webhooks } from '../words/types.ts';
import { askOnce, httpUrl } from './ask-once.ts';
import { webhookCount } from './limits.ts';
import { makeQueue, type TaskQueue } from './queue.ts';

/** Webhooks for real: so many at once, the others wait. A URL that is none breaks its answer with a TypeError. */
export const makeWebhooks = (): Webhooks => {
  const inTurn = makeQueue(webhookCount);
  return {
    post: (url, json, timeoutMs, answer) => {
      const parsed = httpUrl(url);
      if (parsed === undefined)
        return answer.broken(new TypeError('webhook: expected an http or https URL'));
      post(inTurn, parsed, json, timeoutMs, answer);
    },
  };
};

/** Its time begins at once, so nobody waits for his turn for longer than that. */
const post = (
  inTurn: TaskQueue,
  url: URL,
  json: string,
  timeoutMs: number,
  answer: Answer,
): void => {
  let isOver = false;
  let close = (): void => undefined;
  // The end of the request may be told as an error of it, too.
  const end = (settle: () => void): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    close();
    settle();
  };
  const late = new Error(`no answer within ${timeoutMs / 1_000} s`);
  const timer = setTimeout(() => end(() => answer.broken(late)), timeoutMs);
  const ask = (over: () => void): void => {
    if (isOver) return over();
    const headers = { 'content-type': 'application/json' };
    const asking = askOnce(url, { method: 'POST', headers });
    close = () => {
      asking.destroy(); // the body, if any, is not read
      over();
    };
    asking.on('response', ({ statusCode = 0 }) => end(() => answer.kept(statusCode)));
    asking.on('error', (error) => end(() => answer.broken(error)));
    asking.end(json);
  };
  inTurn(() => new Promise<void>(ask)).catch((error: unknown) => end(() => answer.broken(error)));
};
