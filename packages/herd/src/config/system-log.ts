/** What a configuration may say of a system log. */
import net from 'node:net';
import * as z from 'zod';
import {
  floodMessages,
  keptLogCount,
  logMebibytes,
  longestSeconds,
  markMinutes,
  socketPathBytes,
  systemLogPathBytes,
  systemLogPlaceCount,
  systemLogRuleCount,
  systemLogSourceCount,
} from './limits.ts';
import { whole } from './numbers.ts';
import { record } from './record.ts';

/** Facilities in the order of their numbers, as RFC 5424 has them. */
export const facilities: readonly string[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron'],
  ...['authpriv', 'ftp', 'ntp', 'security', 'console', 'solaris-cron'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];
/** Levels in the order of their numbers, the most urgent first. */
export const levels: readonly string[] = [
  ...['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'],
];

/** A list of some, or one that stands for a list of it alone. */
const oneOrMore = <T extends z.ZodType>(one: T) =>
  z.preprocess(
    (value) => (Array.isArray(value) ? (value as unknown) : [value]),
    z.array(one).min(1, 'expected at least one'),
  );
const oneOf = (words: readonly string[], what: string) =>
  z.string().refine((word) => words.includes(word), `expected ${what}: ${words.join(', ')}`);
const facility = oneOf(facilities, 'a facility');
const level = oneOf(levels, 'a level');

const pathOf = (mostBytes: number) =>
  z
    .string()
    .refine((text) => Buffer.byteLength(text) <= mostBytes, `has more than ${mostBytes} bytes`)
    .regex(
      /^\/[^\0-\x1f\x7f]*[^/\0-\x1f\x7f]$/,
      "expected an absolute path, as in '/var/log/messages'",
    )
    .refine((text) => !text.split('/').includes('..'), "has '..' in it");

/** `address:port` taken apart; undefined for what is none. A name could mean another machine tomorrow. */
export const parseUdp = (text: string): { address: string; port: number } | undefined => {
  const [, v6, v4, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = v6 ?? v4;
  const port = Number(digits);
  if (address === undefined || port < 1 || port > 65_535) return undefined;
  return net.isIP(address) === (v6 === undefined ? 4 : 6) ? { address, port } : undefined;
};
const udpWords = "expected 'address:port', as in '127.0.0.1:514' or '[::]:514'";
const source = z.union(
  [
    z.literal('kernel'),
    pathOf(socketPathBytes),
    record({ udp: z.string().refine((text) => parseUdp(text) !== undefined, udpWords) }, udpWords),
  ],
  { error: "expected a path, 'kernel' or { udp: '127.0.0.1:514' }" },
);
const place = z.union([z.enum(['log', 'console']), pathOf(systemLogPathBytes)], {
  error: "expected an absolute path, 'console' or 'log'",
});
const rule = record(
  {
    facility: oneOrMore(facility).optional(),
    notFacility: oneOrMore(facility).optional(),
    level: level.optional(),
    onlyLevel: oneOrMore(level).optional(),
    to: oneOrMore(place),
  },
  "{ facility, notFacility, level, onlyLevel, to: '/var/log/messages' }",
)
  .refine(
    ({ facility: some, notFacility: others }) => some === undefined || others === undefined,
    'has both facility and notFacility: one of the two is enough',
  )
  .refine(
    ({ level: least, onlyLevel }) => least === undefined || onlyLevel === undefined,
    'has both level and onlyLevel: one of the two is enough',
  );

/** What only a system log has. */
export const systemLogShape = {
  sources: z
    .array(source)
    .min(1, "expected at least one source, as in ['/dev/log']")
    .max(systemLogSourceCount, `has more than ${systemLogSourceCount} sources`)
    .refine((all) => new Set(all.map((one) => JSON.stringify(one))).size === all.length, {
      error: 'has a source twice',
    })
    .optional(),
  rules: z
    .array(rule)
    .min(1, 'expected at least one rule')
    .max(systemLogRuleCount, `has more than ${systemLogRuleCount} rules`)
    .refine(
      (rules) => new Set(rules.flatMap(({ to }) => to)).size <= systemLogPlaceCount,
      `has more than ${systemLogPlaceCount} places`,
    )
    .optional(),
  maxMiB: whole(1, logMebibytes).default(10),
  keep: whole(1, keptLogCount).default(5),
  markMinutes: whole(0, markMinutes).default(20),
  flood: z
    .union(
      [
        z.literal(false),
        record(
          { messages: whole(1, floodMessages), seconds: whole(1, longestSeconds) },
          '{ messages: 10_000, seconds: 30 }',
        ),
      ],
      { error: 'expected false or { messages: 10_000, seconds: 30 }' },
    )
    .default({ messages: 10_000, seconds: 30 }),
  stamps: z.enum(['seconds', 'milliseconds']).default('seconds'),
  senders: z.boolean().default(false),
};
