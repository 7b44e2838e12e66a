/** Configurations: from a file that people write to what a daemon loads. */
export { boundTo } from './bound-to.ts';
export { endsSoon, judgeCertificate, readCertificate, type Certificate } from './certificate.ts';
export { ConfigError, type Position, type Problem } from './config-error.ts';
export { plainEnvironment } from './environment.ts';
export { commandsIn } from './every-command.ts';
export { defaultNodeName, loadConfig, type LoadOptions } from './load-config.ts';
export { loadMachines, type DeclaredMachine } from './machines.ts';
export { toServiceConfigs } from './plan.ts';
export { sharedPlaces } from './shared-places.ts';
export type { Description, EntryDescription, ExecDescription } from './schema.ts';
export type { Here } from './system-log-text.ts';
