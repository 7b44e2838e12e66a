/**
 * What a `shepherd.config.ts` or a `machines.config.ts` imports: types and constructors of plain data. Nothing here
 * runs a service or knows of a network, so a configuration can be checked, printed and compared anywhere.
 */
export {
  defineMachines,
  defineShepherd,
  exec,
  exported,
  fleet,
  machine,
  ref,
  service,
  shell,
  slot,
} from './define.ts';
export { describe, type Described, type Strange } from './describe.ts';
export type {
  Action,
  Exec,
  ExportedEntry,
  ExportedOptions,
  FleetEntry,
  FleetMembers,
  FleetOptions,
  Labels,
  Listen,
  ListenWebSocket,
  Log,
  MachineEntry,
  MachineOptions,
  MachinesEntry,
  ProcessTraits,
  Ready,
  RefFile,
  RefName,
  ResourceBound,
  ResourceLimit,
  Respawn,
  ServiceEntry,
  ServiceOptions,
  ShepherdEntry,
  ShepherdOptions,
  SlotEntry,
  SlotOptions,
  Stop,
  System,
  Trust,
} from './types.ts';
