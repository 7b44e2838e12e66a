/** The records of the store in the words of the actors that are built from them. */
import { reasonOf } from '@bellwether/actors';
import type { MintEntry } from '@bellwether/fleet';
import type { OperationArchive, OperationPieces, Records } from '@bellwether/shepherd';
import type { RecordOf, Store } from '@bellwether/store';

/** The port that was chosen once and is kept with the identity. */
export type PortEntry = RecordOf<'port'>;

/** What a life is built from. */
export interface Found {
  readonly records: Records;
  readonly minted: readonly MintEntry[];
  readonly port: number | undefined;
}

/** Everything of an open store that actors ask for at boot. */
export const foundIn = (store: Pick<Store, 'held'>): Found => ({
  records: {
    desired: new Map(store.held('desired').map(({ service, isWanted }) => [service, isWanted])),
    enabled: new Map(store.held('enabled').map(({ service, isEnabled }) => [service, isEnabled])),
    running: store.held('running').map(({ running }) => running),
    operations: store.held('accepted').map(({ kind: _kind, ...record }) => record),
  },
  minted: store.held('minted'),
  port: store.held('port')[0]?.port,
});

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
