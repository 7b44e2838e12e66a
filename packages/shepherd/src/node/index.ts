/** The powers of a shepherd on Node: real processes, real probes, real log files. */
export { makeChildProcessBackend, type ChildProcessPowers } from './child-process-backend.ts';
export { makeLogFiles } from './log-files.ts';
export { makeProber } from './prober.ts';
