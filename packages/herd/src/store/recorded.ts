/**
 * What the actors of a daemon record is what its store takes: the type checker sees to it here, where both are known.
 * A turn may record anything (`Turn.record`), and an entry that the store refuses halts the daemon.
 */
import type { AuditEntry, BookEntry } from '@bellwether/authority';
import type { CarrierEntry, SlotEntry } from '@bellwether/deploy';
import type {
  DepartedEntry,
  DirectEntry,
  GivenEntry,
  HomeEntry,
  MintEntry,
  NodeEntry,
  PartedEntry,
  PartEntry,
  UndirectedEntry,
  UnhomedEntry,
  UnmintedEntry,
  UnnodedEntry,
} from '@bellwether/fleet';
import type { Entry } from '@bellwether/shepherd';
import type { Plain, StoreEntry } from '@bellwether/store';
import type { PortEntry, WebSocketPortEntry } from './records.ts';

/** Whatever is recorded in a daemon: who writes anything else names its type in `All`. */
export type RecordedEntry = Fits<All, LeftOver<All>>;
type All =
  | Entry
  | BookEntry
  | MintEntry
  | DirectEntry
  | PartEntry
  | UndirectedEntry
  | NodeEntry
  | GivenEntry
  | DepartedEntry
  | UnnodedEntry
  | PartedEntry
  | HomeEntry
  | UnhomedEntry
  | UnmintedEntry
  | SlotEntry
  | CarrierEntry
  | AuditEntry
  | PortEntry
  | WebSocketPortEntry;

/** What takes entries: the audit its own, the store all others. */
type Taken = StoreEntry | AuditEntry;
/** Entries that are taken, and of which nothing is left over. */
type Fits<E extends Taken, _LeftOver extends never> = E;
/** Members that those of the same kind have not: optional ones are assignable, and refused all the same. */
type LeftOver<E extends Taken> = E extends unknown
  ? Strangers<E, Extract<Taken, { readonly kind: E['kind'] }>>
  : never;
type Strangers<T, Known> = T extends string | number | boolean | Uint8Array | undefined
  ? never
  : Plain extends Known
    ? never
    : T extends readonly (infer Item)[]
      ? Known extends readonly (infer Other)[]
        ? Strangers<Item, Other>
        : T
      : {
          [K in keyof T]-?: K extends keyof Known
            ? Strangers<T[K], Exclude<Known[K], undefined>>
            : K;
        }[keyof T];
