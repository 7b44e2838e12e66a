/** The records of the store in the words of the actors that are built from them. */
import { reasonOf } from '@bellwether/actors';
import type { ArgumentPatterns, BookRecords } from '@bellwether/authority';
import type { CarrierRecord, SlotRecord } from '@bellwether/deploy';
import type { DirectRecords, HomeEntry, MintEntry, NodeRecords } from '@bellwether/fleet';
import {
  promptKindOf,
  readLabels,
  recordedPrincipal,
  type Labels,
  type OperationArchive,
  type OperationPieces,
  type Prompts,
  type RecordedRun,
  type Records,
  type TimerRecord,
  type Wisher,
} from '@bellwether/shepherd';
import type { Plain, RecordOf, Store } from '@bellwether/store';

/** The port that was chosen once and is kept with the identity. */
export type PortEntry = RecordOf<'port'>;
/** The same of WebSockets. */
export type WebSocketPortEntry = RecordOf<'websocketPort'>;

/** What a life is built from. */
export interface Found {
  readonly records: Records;
  readonly minted: readonly MintEntry[];
  readonly granted: BookRecords;
  readonly directs: DirectRecords;
  readonly nodes: NodeRecords;
  readonly homes: readonly HomeEntry[];
  /** By name. */
  readonly slots: ReadonlyMap<string, SlotRecord>;
  /** Absent: nothing was ever kept for services elsewhere. */
  readonly carried: CarrierRecord | undefined;
  readonly port: number | undefined;
  readonly websocketPort: number | undefined;
}

/** Everything of an open store that actors ask for at boot. */
export const foundIn = (store: Pick<Store, 'held'>): Found => ({
  records: {
    desired: new Map(store.held('desired').map(({ service, isWanted }) => [service, isWanted])),
    wishers: new Map(
      store.held('desired').flatMap(({ service, by }) => (by ? [[service, wisherIn(by)]] : [])),
    ),
    enabled: new Map(store.held('enabled').map(({ service, isEnabled }) => [service, isEnabled])),
    prompts: promptsIn(store),
    timers: timersIn(store),
    transients: store.held('transient'),
    running: store.held('running').map(({ running }) => running),
    operations: store.held('accepted').map(({ kind: _kind, asker, retriedBy: by, ...rest }) => ({
      ...rest,
      asker: recordedPrincipal(asker),
      ...(by !== undefined && { retriedBy: recordedPrincipal(by) }),
    })),
    wishes: store
      .held('wished')
      .map(({ kind: _kind, by, ...rest }) => ({ ...rest, by: wisherIn(by) })),
  },
  minted: store.held('minted'),
  granted: grantsIn(store),
  directs: { directs: store.held('direct'), parts: store.held('part') },
  nodes: {
    nodes: store
      .held('node')
      .map(({ labels, ...entry }) => ({ ...entry, labels: labelsIn(labels) })),
    given: store.held('given'),
    departed: store.held('departed'),
  },
  homes: store
    .held('home')
    .map(({ labels, ...entry }) =>
      labels === undefined ? entry : { ...entry, labels: labelsIn(labels) },
    ),
  slots: new Map(store.held('slot').map((record) => [record.slot, slotIn(record)])),
  carried: carriedIn(store.held('carrier')[0]),
  port: store.held('port')[0]?.port,
  websocketPort: store.held('websocketPort')[0]?.port,
});

const promptsIn = (store: Pick<Store, 'held'>): Records['prompts'] => {
  const all = new Map<string, Prompts>();
  for (const { kind: _kind, service, stoppedIn, ...prompts } of store.held('prompted'))
    all.set(service, { ...promptsOf(prompts), ...(stoppedIn !== undefined && { stoppedIn }) });
  for (const { service, because } of store.held('enabled'))
    if (because !== undefined)
      all.set(service, { ...all.get(service), ...promptsOf({ disabled: because }) });
  return all;
};
/** The words for what something came from are the shepherd's. */
const promptsOf = (
  prompts: Readonly<Partial<Record<Exclude<keyof Prompts, 'stoppedIn'>, RecordedPrompt>>>,
): Prompts =>
  Object.fromEntries(
    Object.entries(prompts).map(([what, { kind, ...rest }]) => [
      what,
      { kind: promptKindOf(kind), ...rest },
    ]),
  );
type RecordedPrompt = NonNullable<RecordOf<'enabled'>['because']>;

const timersIn = (store: Pick<Store, 'held'>): Records['timers'] => {
  const all = new Map<string, { record?: TimerRecord; runs: RecordedRun[] }>();
  const of = (service: string) => {
    const known = all.get(service) ?? { runs: [] };
    all.set(service, known);
    return known;
  };
  for (const { kind: _kind, ...record } of store.held('timer')) of(record.service).record = record;
  for (const { kind: _kind, service, ...run } of store.held('timed')) of(service).runs.push(run);
  for (const { runs } of all.values()) runs.sort((one, other) => one.number - other.number);
  return all;
};

const wisherIn = ({ asker, ...rest }: RecordOf<'wished'>['by']): Wisher => ({
  ...rest,
  asker: recordedPrincipal(asker),
});

/** They were read when they were written. @throws Malformed */
const labelsIn = (value: Plain): Labels => readLabels(value, 'records: labels');

/** The digests and checks in it were read from a manifest when it was written; the store has seen the rest. */
const slotIn = ({ kind: _kind, ...record }: RecordOf<'slot'>): SlotRecord =>
  record as unknown as SlotRecord;
/** The digests likewise. */
const carriedIn = (record: RecordOf<'carrier'> | undefined): CarrierRecord | undefined =>
  record && { releases: record.releases as CarrierRecord['releases'] };

/** Whoever reads them judges by them; that they are of the shape, the store has seen. */
const grantsIn = (store: Pick<Store, 'held'>): BookRecords => ({
  grants: store.held('grant').map(({ kind, grant: { arguments: patterns, ...grant } }) => ({
    kind,
    grant: patterns === undefined ? grant : { ...grant, arguments: patternsIn(patterns) },
  })),
  revocations: store.held('revocation'),
  uses: store.held('uses'),
  invites: store.held('invite'),
  clockMs: store.held('clock')[0]?.wallMs ?? 0,
});

/** @throws TypeError for what no version has written: to leave it out would widen a grant */
const patternsIn = (value: Plain): ArgumentPatterns => {
  const isList = (each: unknown): each is readonly string[] =>
    Array.isArray(each) && each.every((one) => typeof one === 'string');
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
  if (entries === undefined || !entries.every(([, each]) => isList(each)))
    throw new TypeError('records: the patterns of a grant are no lists of texts');
  return Object.fromEntries(
    entries.filter((one): one is [string, readonly string[]] => isList(one[1])),
  );
};

/** The power to read operations of an open store. */
export const archiveOf = (store: Pick<Store, 'read'>): OperationArchive => ({
  read: (asker, operation, answer) => {
    piecesOf(store, asker, operation).then(
      (pieces) => answer.kept(pieces),
      (error: unknown) => answer.broken(reasonOf(error)),
    );
  },
});

const piecesOf = async (
  store: Pick<Store, 'read'>,
  asker: string,
  operation: string,
): Promise<OperationPieces> => {
  const bytesOf = async (kind: 'intent' | 'outcome'): Promise<readonly Uint8Array[]> => {
    const found: Uint8Array[] = [];
    for await (const { bytes } of store.read(kind, asker, operation)) found.push(bytes);
    return found;
  };
  return { intents: await bytesOf('intent'), outcomes: await bytesOf('outcome') };
};
