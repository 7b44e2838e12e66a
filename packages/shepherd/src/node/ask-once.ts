/**
 * A request over HTTP of whose answer nobody reads more than its status. No connection is kept or shared, no redirect
 * is followed, and no proxy of the environment is asked.
 */
import http from 'node:http';
import https from 'node:https';
import { interimCount } from './limits.ts';

/** What it can be asked of; undefined for any other text. */
export const httpUrl = (text: string): URL | undefined =>
  /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;

/** Who makes it ends it, destroys it as soon as there is an answer, and listens to its errors. */
export const askOnce = (url: URL, options: http.RequestOptions): http.ClientRequest => {
  const on = url.protocol === 'https:' ? https : http;
  const asking = on.request(url, { ...options, agent: false });
  let interims = 0;
  // Each is read in no time, but whoever sends them without end has the time of all others.
  asking.on('information', () => {
    interims += 1;
    if (interims > interimCount) asking.destroy(new Error('announces an answer without end'));
  });
  return asking;
};
