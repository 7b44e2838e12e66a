/** Grants on a simulated disk. */
import type { Turn, World } from '@bellwether/actors';
import {
  makeGrantBook,
  type BookEntry,
  type BookRecords,
  type GrantBookOptions,
} from '@bellwether/authority';
import type { CarrierEntry, CarrierRecord, SlotEntry, SlotRecord } from '@bellwether/deploy';
import type {
  DepartedEntry,
  DirectEntry,
  DirectRecords,
  GivenEntry,
  HomeEntry,
  MintEntry,
  NodeEntry,
  NodeRecords,
  PartedEntry,
  PartEntry,
  UndirectedEntry,
  UnhomedEntry,
  UnmintedEntry,
  UnnodedEntry,
} from '@bellwether/fleet';
import { simulatedCrypto } from './ocapn-peer.ts';

/** What a disk has of grants: of each record the last one, without those that were forgotten. */
export const bookRecordsIn = (entries: readonly unknown[]): BookRecords => {
  const last = new Map<string, BookEntry>();
  for (const entry of entries as readonly BookEntry[]) {
    if (entry.kind === 'grant') last.set(`grant/${entry.grant.id}`, entry);
    else if (entry.kind === 'clock') last.set('clock', entry);
    else if (entry.kind === 'purged')
      for (const kind of ['grant', 'revocation', 'uses', 'invite'])
        last.delete(`${kind}/${entry.id}`);
    else if (['revocation', 'uses', 'invite'].includes(entry.kind))
      last.set(`${entry.kind}/${entry.id}`, entry);
  }
  const all = [...last.values()];
  return {
    grants: all.filter((each) => each.kind === 'grant'),
    revocations: all.filter((each) => each.kind === 'revocation'),
    uses: all.filter((each) => each.kind === 'uses'),
    invites: all.filter((each) => each.kind === 'invite'),
    clockMs: all.reduce((latest, each) => (each.kind === 'clock' ? each.wallMs : latest), 0),
  };
};

/** What a disk has of references that were minted: of each the last record. */
export const mintEntriesIn = (entries: readonly unknown[]): readonly MintEntry[] => {
  const minted = new Map<string, MintEntry>();
  for (const entry of entries as readonly (MintEntry | UnmintedEntry)[])
    if (entry.kind === 'minted') minted.set(entry.hash, entry);
    else if (entry.kind === 'unminted') minted.delete(entry.hash);
  return [...minted.values()];
};

/** What a disk has of slots: of each the last record, by name. */
export const slotRecordsIn = (entries: readonly unknown[]): ReadonlyMap<string, SlotRecord> =>
  new Map(
    (entries as readonly SlotEntry[]).flatMap((entry) => {
      if (entry.kind !== 'slot') return [];
      const { kind: _kind, ...record } = entry;
      return [[record.slot, record]];
    }),
  );

/** What a disk has of releases for services elsewhere. */
export const carriedIn = (entries: readonly unknown[]): CarrierRecord | undefined => {
  const last = (entries as readonly CarrierEntry[]).findLast(({ kind }) => kind === 'carrier');
  return last === undefined ? undefined : { releases: last.releases };
};

/** What a disk has of grants that were made at hosts elsewhere. */
export const directRecordsIn = (entries: readonly unknown[]): DirectRecords => {
  const directs = new Map<string, DirectEntry>();
  const parts = new Map<string, PartEntry>();
  for (const entry of entries as readonly (DirectEntry | PartEntry | UndirectedEntry)[]) {
    if (entry.kind === 'direct') directs.set(entry.id, entry);
    else if (entry.kind === 'part') parts.set(`${entry.id} ${entry.member}`, entry);
    else if (entry.kind === 'undirected') {
      directs.delete(entry.id);
      for (const member of entry.members) parts.delete(`${entry.id} ${member}`);
    }
  }
  return { directs: [...directs.values()], parts: [...parts.values()] };
};

/** What a disk has of machines that have joined, and of controllers: of each the last record that stands. */
export const joinRecordsIn = (
  entries: readonly unknown[],
): { readonly nodes: NodeRecords; readonly homes: readonly HomeEntry[] } => {
  const nodes = new Map<string, NodeEntry>();
  const given = new Map<string, GivenEntry>();
  const departed = new Map<string, DepartedEntry>();
  const homes = new Map<string, HomeEntry>();
  for (const entry of entries as readonly JoinEntry[])
    switch (entry.kind) {
      case 'node':
        nodes.set(entry.name, entry);
        break;
      case 'given':
        given.set(entry.name, entry);
        break;
      case 'departed':
        departed.set(entry.hash, entry);
        break;
      case 'home':
        homes.set(entry.designator, entry);
        break;
      case 'unnoded':
        nodes.delete(entry.name);
        given.delete(entry.name);
        break;
      case 'parted':
        departed.delete(entry.hash);
        break;
      case 'unhomed':
        homes.delete(entry.designator);
    }
  return {
    nodes: {
      nodes: [...nodes.values()],
      given: [...given.values()],
      departed: [...departed.values()],
    },
    homes: [...homes.values()],
  };
};
type JoinEntry =
  NodeEntry | GivenEntry | DepartedEntry | HomeEntry | UnnodedEntry | PartedEntry | UnhomedEntry;

/** A grant book with nothing in it, and what grants are made with beside. */
export const bookFor = (
  turn: Turn,
  world: World,
  given: Partial<Pick<GrantBookOptions, 'minted' | 'rightsEpoch'>> = {},
) => {
  const uriOf = (swissnum: Uint8Array): string => `ocapn://x.tcp-tls/s/${swissnum.join('')}`;
  const book = turn.spawn(makeGrantBook, {
    records: bookRecordsIn([]),
    minted: [],
    rightsEpoch: { now: 1, restored: 0 },
    clock: world.clock(),
    crypto: simulatedCrypto(world),
    designator: 'x',
    uriOf,
    ...given,
  });
  return { book, uriOf, hasWay: () => true };
};
