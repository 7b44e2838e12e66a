/**
 * What a `shepherd.config.ts` imports: types and constructors of plain data. Nothing here runs a
 * service or knows of a network, so a configuration can be checked, printed and compared anywhere.
 */
export { defineShepherd, exec, exported, fleet, ref, service, slot } from './define.ts';
export { describe, type Described, type Strange } from './describe.ts';
export type {
  Action,
  Exec,
  ExportedEntry,
  ExportedOptions,
  FleetEntry,
  FleetOptions,
  Labels,
  Listen,
  Log,
  Ready,
  RefName,
  Respawn,
  ServiceEntry,
  ServiceOptions,
  ShepherdEntry,
  ShepherdOptions,
  SlotEntry,
  SlotOptions,
  Stop,
  Trust,
} from './types.ts';
