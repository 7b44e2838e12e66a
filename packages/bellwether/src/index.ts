/**
 * What a `shepherd.config.ts` or a `machines.config.ts` imports: types and constructors of plain data. Nothing here
 * runs a service or knows of a network, so a configuration can be checked, printed and compared anywhere.
 */
export {
  calendar,
  cron,
  defineMachines,
  defineShepherd,
  exec,
  every,
  exported,
  fleet,
  logRotation,
  machine,
  monitoring,
  ref,
  service,
  shell,
  slot,
  socket,
  systemLog,
  timer,
} from './define.ts';
export { describe, type Described, type Strange } from './describe.ts';
export type {
  ChoreOptions,
  LogRotationEntry,
  LogRotationOptions,
  MonitoringEntry,
  MonitoringOptions,
  RotatedFile,
} from './chores.ts';
export type {
  Action,
  CalendarOptions,
  Exec,
  Labels,
  Log,
  ProcessTraits,
  ResourceBound,
  ResourceLimit,
  RotationTime,
  Weekday,
  When,
} from './parts.ts';
export type {
  Facility,
  Level,
  SystemLogEntry,
  SystemLogOptions,
  SystemLogPlace,
  SystemLogRule,
  SystemLogSource,
} from './system-log.ts';
export type { FailureHook, Requirement, Respawn } from './policies.ts';
export type {
  ExportedEntry,
  ExportedOptions,
  FleetEntry,
  FleetMembers,
  FleetOptions,
  Listen,
  ListenWebSocket,
  MachineEntry,
  MachineOptions,
  MachinesEntry,
  Ready,
  RefFile,
  RefName,
  ServiceEntry,
  ServiceOptions,
  ServicesEntry,
  ShepherdEntry,
  ShepherdOptions,
  SlotEntry,
  SlotOptions,
  Stop,
  System,
  Trust,
} from './types.ts';
export type { TimerEntry, TimerOptions } from './timer.ts';
export type { SocketEntry, SocketOptions } from './sockets.ts';
export type { Live, Making } from './making.ts';
