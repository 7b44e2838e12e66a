/** What a local root says of its machine: what services use, and how one came to be as it is. */
import {
  limits,
  list,
  readCount,
  readName,
  stages,
  struct,
  textOf,
  wordOf,
  type Commanded,
  type Grounds,
  type MachineUsage,
  type ServiceUsage,
  type UnderWay,
} from '@bellwether/shepherd';
import { checked } from './answers.ts';
import { ask } from './ask.ts';
import type { Line, Patience } from './line.ts';

/** See LocalRoot of the fleet package. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface MachineClient {
  /** What those use that have a process. */
  usage(patience: Patience): Promise<MachineUsage>;
  /** Why a service is as it is, as far as that is remembered. */
  grounds(service: string, patience: Patience): Promise<Grounds>;
}

/** Asks over a line to a local root. The line stays the caller's. */
export const machineClient = (line: Line): MachineClient => ({
  usage: (patience) => ask(line, 'usage', [], patience, usageIn),
  grounds: (service, patience) => ask(line, 'grounds', [service], patience, groundsIn),
});

const text = textOf(limits.lineCharacters);
/** A newer shepherd may know other stages. */
const readUsage = struct<ServiceUsage>(
  {
    service: text,
    stage: wordOf(stages, 'unknown'),
    pid: readCount,
    respawnCount: readCount,
    processCount: readCount,
    threadCount: readCount,
    cpuMs: readCount,
    rssBytes: readCount,
  },
  { since: readCount, fdCount: readCount },
);
const usageIn = checked(
  struct<MachineUsage>(
    {
      atMs: readCount,
      cpuCount: readCount,
      memoryBytes: readCount,
      availableBytes: readCount,
      services: list(readUsage, limits.serviceCount + 1),
    },
    {},
  ),
  'usage',
);

const readCommanded = struct<Commanded>(
  { asker: text, operation: text, atMs: readCount },
  { action: text, service: text },
);
const readUnderWay = struct<UnderWay>(
  {
    asker: text,
    operation: text,
    action: text,
    phase: wordOf(['waiting', 'acting', 'queued'] as const, 'acting'),
    waitsFor: list(readName, limits.groundsCount),
  },
  {},
);
const groundsIn = checked(
  struct<Grounds>(
    { underWay: list(readUnderWay, limits.groundsCount) },
    { wish: wordOf(['start', 'stop'] as const, undefined), by: readCommanded },
  ),
  'grounds',
);
