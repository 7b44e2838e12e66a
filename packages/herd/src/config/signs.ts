/** The signs by which a service is known to be ready, or alive. */
import * as z from 'zod';
import { plainExec } from './commands.ts';
import {
  firstDescriptor,
  lastDescriptor,
  leastLiveSeconds,
  liveFailureCount,
  logTextChars,
  urlChars,
} from './limits.ts';
import { seconds, someSeconds, whole } from './numbers.ts';
import { record } from './record.ts';

const httpUrl = z
  .string()
  .max(urlChars, `has more than ${urlChars} characters`)
  .superRefine((text, context) => {
    const tell = (message: string): void => context.addIssue({ code: 'custom', message });
    if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
      return tell(`expected a URL like 'http://127.0.0.1:8080/health'`);
    }
    const { username, password } = new URL(text);
    if (username !== '' || password !== '') tell('a URL with a user or password would be printed');
  });
const tcpForm = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/;
/** `host:port` taken apart; undefined for what is none. */
export const parseTcp = (text: string): { host: string; port: number } | undefined => {
  const [, v6, other, digits] = tcpForm.exec(text) ?? [];
  const host = v6 ?? other;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
};
const tcpWords = "expected 'host:port', as in '127.0.0.1:5432'";
const tcpPlace = z
  .string(tcpWords)
  .max(urlChars, `has more than ${urlChars} characters`)
  .refine((text) => parseTcp(text) !== undefined, tcpWords);
/** By what a service that runs is asked whether it is alive. */
export const live = record(
  {
    http: httpUrl.optional(),
    tcp: tcpPlace.optional(),
    exec: plainExec.optional(),
    everySeconds: seconds.min(leastLiveSeconds, `is below ${leastLiveSeconds}`).default(30),
    timeoutSeconds: someSeconds.default(5),
    failures: whole(1, liveFailureCount).default(3),
  },
  "{ http: 'http://…' }, { tcp: 'host:port' } or { exec: exec([…]) }",
).refine(
  ({ http, tcp, exec: command }) =>
    [http, tcp, command].filter((sign) => sign !== undefined).length === 1,
  'expected one of http, tcp and exec',
);
/** By what a service that was started is known to be ready. */
export const ready = record(
  {
    http: httpUrl.optional(),
    tcp: tcpPlace.optional(),
    notifyFd: z
      .int('expected a whole number')
      .min(firstDescriptor, 'is below 3: the first three are input, output and errors')
      .max(lastDescriptor, `is over ${lastDescriptor}`)
      .optional(),
    sdNotify: z.literal(true, 'expected true').optional(),
    exec: plainExec.optional(),
    log: z
      .string('expected a text: plain, no regular expression')
      .min(1, 'is empty')
      .max(logTextChars, `has more than ${logTextChars} characters`)
      .refine((text) => !/[\r\n]/.test(text), 'has a line break, and is looked for within a line')
      .optional(),
    timeoutSeconds: someSeconds.default(10),
  },
  "{ http: 'http://…' }, { tcp: 'host:port' }, { notifyFd: 3 }, { sdNotify: true }, { exec: exec([…]) } or " +
    "{ log: '…' }",
).refine(
  ({ timeoutSeconds: _time, ...signs }) =>
    Object.values(signs).filter((sign) => sign !== undefined).length === 1,
  'expected one of http, tcp, notifyFd, sdNotify, exec and log',
);
