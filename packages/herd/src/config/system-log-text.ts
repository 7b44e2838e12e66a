/**
 * From a system log as it is described to the service that runs it: a role of the keeper's program, which reads what it
 * is to do from its input (packages/keeper/src/syslog.h says how that is written).
 */
import path from 'node:path';
import type { ServiceConfig } from '@bellwether/shepherd';
import { facilities, levels, parseUdp } from './system-log.ts';
import type { SystemLogDescription } from './schema.ts';

/** What of this machine a system log depends on where its description does not say. */
export interface Here {
  readonly uid: number;
  /** Absolute: the keeper's program, which need not be there. */
  readonly keeper: string;
  /** Absolute: the folders of the logs of services, and of the shepherd's private socket. */
  readonly logs: string;
  readonly runtime: string;
}

type Source = NonNullable<SystemLogDescription['sources']>[number];
type Rule = NonNullable<SystemLogDescription['rules']>[number];

/** Beside what every service has of its description. */
export const systemLogConfig = (
  entry: SystemLogDescription,
  here: Here,
): Pick<ServiceConfig, 'start' | 'stop' | 'ready' | 'respawn' | 'actions' | 'isOneShot'> => ({
  start: {
    // The descriptor at which it says that it listens.
    argv: [here.keeper, 'syslog', String(noticeDescriptor)],
    cwd: '/',
    input: systemLogText(entry, here),
  },
  stop: { signal: 'SIGTERM', graceMs: 5_000 },
  ready: { kind: 'notify', descriptor: noticeDescriptor, timeoutMs: 10_000 },
  respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 30_000 },
  actions: {
    reopen: {
      kind: 'signal',
      signal: 'SIGHUP',
      documentation: 'Open its files anew: somebody else has moved them.',
    },
    rotate: {
      kind: 'signal',
      signal: 'SIGUSR1',
      documentation: 'Put its files aside now, and begin others.',
    },
  },
  isOneShot: false,
});
const noticeDescriptor = 3;

/** The configuration of its process. */
const systemLogText = (entry: SystemLogDescription, here: Here): string => {
  const { maxMiB, keep, markMinutes, flood, stamps, senders } = entry;
  const sources = entry.sources ?? defaultSources(here);
  const rules = entry.rules ?? defaultRules(here);
  const places = [...new Set(rules.flatMap(({ to }) => to))];
  const lines = [
    ...sources.map(sourceLine),
    ...places.map((place) =>
      placeLine(place, maskOf(rules.filter(({ to }) => to.includes(place)))),
    ),
    `rotate ${maxMiB * 1024 * 1024} ${keep}`,
    `mark ${markMinutes * 60}`,
    flood === false ? 'flood 0 0' : `flood ${flood.messages} ${flood.seconds}`,
    `stamp ${stamps}`,
    `senders ${senders ? 1 : 0}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
};

const defaultSources = ({ uid, runtime }: Here): readonly Source[] =>
  uid === 0 ? ['/dev/log', 'kernel'] : [path.join(runtime, 'log')];

/** Those of GNU Shepherd's system log, and all of it to its own log. */
const defaultRules = ({ uid, logs }: Here): readonly Rule[] =>
  uid === 0
    ? [
        {
          notFacility: ['mail', 'authpriv'],
          level: 'info',
          to: ['/var/log/messages', '/dev/tty12'],
        },
        { level: 'alert', to: ['console'] },
        { onlyLevel: ['debug'], to: ['/var/log/debug'] },
        { facility: ['auth', 'authpriv'], to: ['/var/log/secure'] },
        { to: ['log'] },
      ]
    : [{ to: [path.join(logs, 'syslog'), 'log'] }];

/** Where the kernel's messages are read so that each is read once, also over restarts. */
const kernelLog = '/proc/kmsg';

const sourceLine = (source: Source): string => {
  if (source === 'kernel') return `kernel ${kernelLog}`;
  if (typeof source === 'string') return `unix ${source}`;
  const udp = parseUdp(source.udp);
  if (udp === undefined) throw new RangeError('config: a checked source without an address');
  return `udp ${udp.address} ${udp.port}`;
};

const placeLine = (place: string, mask: string): string => {
  if (place === 'log') return `to ${mask} log`;
  if (place === 'console') return `to ${mask} terminal /dev/console`;
  return `to ${mask} ${place.startsWith('/dev/') ? 'terminal' : 'file'} ${place}`;
};

/** What any of the rules wants: two hex digits for each facility, a bit for each level. */
const maskOf = (rules: readonly Rule[]): string =>
  facilities
    .map((facility) =>
      levels
        .reduce(
          (bits, _level, at) =>
            rules.some((rule) => isWanted(rule, facility, at)) ? bits | (1 << at) : bits,
          0,
        )
        .toString(16)
        .padStart(2, '0'),
    )
    .join('');

const isWanted = (
  { facility, notFacility, level, onlyLevel }: Rule,
  found: string,
  at: number,
): boolean => {
  const name = levels[at] ?? '';
  const isOfIt = facility?.includes(found) ?? notFacility?.includes(found) !== true;
  return (
    isOfIt && (onlyLevel?.includes(name) ?? (level === undefined || at <= levels.indexOf(level)))
  );
};
