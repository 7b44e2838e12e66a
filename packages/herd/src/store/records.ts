/** The records of the store in the words of the actors that are built from them. */
import type { MintEntry } from '@bellwether/fleet';
import type { Records } from '@bellwether/shepherd';
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
  },
  minted: store.held('minted'),
  port: store.held('port')[0]?.port,
});
