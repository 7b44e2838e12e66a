/**
 * Asks a service whether it is ready: one attempt, one answer. Who asks again, and for how long, is
 * the service's affair.
 */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Answer } from '@bellwether/actors';
import type { Prober } from '../types.ts';

/** Ends an attempt once: the first verdict counts, the timer and the socket are given back. */
const attempt = (timeoutMs: number, answer: Answer, close: () => void) => {
  let isOver = false;
  const end = (isReady: boolean): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    close();
    answer.kept(isReady);
  };
  const timer = setTimeout(end, timeoutMs, false);
  return end;
};

/** Redirects are answers: a service that redirects is up, and following could lead anywhere. */
const isReadyStatus = (status: number | undefined): boolean =>
  status !== undefined && status >= 200 && status < 400;

const ask = (url: URL, timeoutMs: number, answer: Answer): void => {
  const isTls = url.protocol === 'https:';
  // An agent of its own: no connection is kept or shared, and no proxy of the environment is asked.
  const agent = isTls ? new https.Agent({ maxSockets: 1 }) : new http.Agent({ maxSockets: 1 });
  const request = (isTls ? https : http).request(url, { agent, method: 'GET' });
  const end = attempt(timeoutMs, answer, () => {
    request.destroy(); // the body, if any, is not read
    agent.destroy();
  });
  request.on('response', (response) => end(isReadyStatus(response.statusCode)));
  request.on('error', () => end(false)); // refused, reset, unknown host: not ready
  request.end();
};

/**
 * Probes over the real network. No answer is ever broken, but for a URL that is none: that one is a
 * TypeError.
 */
export const makeProber = (): Prober => ({
  http: (url, timeoutMs, answer) => {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      return answer.broken(new TypeError(`probe: expected an http or https URL, found ${url}`));
    }
    ask(parsed, timeoutMs, answer);
  },
  tcp: (host, port, timeoutMs, answer) => {
    const socket = net.connect({ host, port });
    const end = attempt(timeoutMs, answer, () => socket.destroy());
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  },
});
