/** The powers of a shepherd on Node: real processes, real probes, real log files. */
export { makeChildProcessBackend, type ChildProcessPowers } from './child-process-backend.ts';
export { openKeeper, type KeeperBackend, type KeeperPowers } from './keeper/keeper-backend.ts';
export { KeeperFailed, KeptElsewhere, KeptHere } from './keeper/line.ts';
export { makeLogFiles, openLog, type LogPowers, type ServiceLogs } from './log-files.ts';
export { ExternalLogs } from './external-logs.ts';
export { logsIn, rotateLogs, type Rotation, type RotationPowers } from './log-rotation.ts';
export { shiftOld } from './rotate.ts';
export { makeProber, type ProberPowers } from './prober.ts';
export { makeProc, type Proc, type ProcessFacts } from './proc.ts';
export { makeUsageReader, type UsagePowers, type UsageReader } from './usage.ts';
export { Starts } from './starts.ts';
export { makeWebhooks } from './webhooks.ts';
export {
  identityOf,
  isOfSystem,
  nodeAccounts,
  type AccountLines,
  type Accounts,
  type Identity,
} from './users.ts';
export { nodeZone } from './zone.ts';
