/**
 * Tells others over HTTP: one attempt each, of whose answer nobody reads more than its status. Redirects are not
 * followed, since what is told is meant for who was named, and no proxy of the environment is asked.
 */
import http from 'node:http';
import https from 'node:https';
import type { Answer } from '@bellwether/actors';
import type { Webhooks } from '../words/types.ts';

/** Webhooks for real. A URL that is none breaks its answer with a TypeError. */
export const makeWebhooks = (): Webhooks => ({ post });

const post = (url: string, json: string, timeoutMs: number, answer: Answer): void => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    return answer.broken(new TypeError(`webhook: expected an http or https URL, found ${url}`));
  const isTls = parsed.protocol === 'https:';
  const agent = isTls ? new https.Agent({ maxSockets: 1 }) : new http.Agent({ maxSockets: 1 });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
  const asking = (isTls ? https : http).request(parsed, { agent, method: 'POST', headers });
  let isOver = false;
  // The end of the request may be told as an error of it, too.
  const end = (settle: () => void): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    asking.destroy(); // the body, if any, is not read
    agent.destroy();
    settle();
  };
  const late = new Error(`no answer within ${timeoutMs / 1_000} s`);
  const timer = setTimeout(() => end(() => answer.broken(late)), timeoutMs);
  asking.on('response', ({ statusCode = 0 }) => end(() => answer.kept(statusCode)));
  asking.on('error', (error) => end(() => answer.broken(error)));
  asking.end(json);
};
