/** Shepherds without processes, logs and disk: for what it takes to get through to them. */
import type { Clock, Ref, Turn } from '@bellwether/actors';
import {
  makeProcessMonitor,
  makeShepherd,
  type ProcessBackend,
  type Prober,
  type LogFiles,
  type Shepherd,
} from '@bellwether/shepherd';

const nobody = (): never => {
  throw new Error('there are no processes here');
};
const noProcesses: ProcessBackend = {
  start: nobody,
  signal: nobody,
  adopt: (_known, answer) => answer.kept([]),
  follow: nobody,
  listen: nobody,
  unlisten: nobody,
  connection: nobody,
  drop: nobody,
  settled: nobody,
  look: nobody,
  watch: nobody,
  runToEnd: nobody,
};

const noLogs: LogFiles = {
  pathOf: () => '',
  isSilent: () => true,
  end: () => 0,
  lines: nobody,
  begin: nobody,
  read: nobody,
  stop: nobody,
  remove: () => undefined,
  bound: () => undefined,
};
const noProbes: Prober = {
  http: nobody,
  tcp: nobody,
  exec: nobody,
  notified: nobody,
  logged: nobody,
  forget: () => undefined,
};

/** A shepherd that keeps nothing; services are the caller's affair. */
export const bareShepherd = (turn: Turn, name: string, clock: Clock): Ref<Shepherd> =>
  turn.spawn(makeShepherd, {
    name,
    life: name,
    monitor: turn.spawn(makeProcessMonitor, {
      backend: noProcesses,
      clock,
      life: name,
      running: [],
    }),
    prober: noProbes,
    logFiles: noLogs,
    clock,
    log: () => undefined,
    records: {
      desired: new Map(),
      wishers: new Map(),
      enabled: new Map(),
      running: [],
      prompts: new Map(),
      timers: new Map(),
      transients: [],
      operations: [],
      wishes: [],
    },
    archive: {
      read: (_asker, _operation, answer) => answer.kept({ intents: [], outcomes: [] }),
    },
  });
