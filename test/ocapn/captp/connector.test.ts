/** A real session, byte for byte, keeps what every connector owes to its vats. */
import type { World } from '@bellwether/actors';
import { connectorSuite, type ConnectorPair } from '../../support/actors-connector-suite.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { Peer } from '../../support/ocapn-peer.ts';
import type { LogLine } from '../../support/actors-vat.ts';

const joinedBy =
  (options: NetworkOptions) =>
  (world: World, commit?: ConnectorCommit): ConnectorPair => {
    const network = new Network(world, { latencyMs: 5, ...options });
    const logs: LogLine[] = [];
    const log = (event: string, fields: Readonly<Record<string, unknown>>): void =>
      void logs.push({ ...fields, event });
    const router = { scheduler: world.scheduler() };
    const near = new Peer(network, 'near', {
      vat: { log, ...(commit === undefined ? {} : { commit }) },
      router,
    });
    const far = new Peer(network, 'far', { vat: { log }, router });
    let offerCount = 0;
    return {
      world,
      near: near.vat,
      far: far.vat,
      logs,
      roundTripMs: 10,
      offer: (ref) => near.router.enliven(far.offer(`offer-${(offerCount += 1)}`, ref)),
      cut: () => network.lines.forEach((line) => line.cut()),
      openCount: () => {
        // An enlivened vow keeps its pipe, and the answers behind it, until it is collected.
        for (const peer of [near, far]) peer.reaper.collectAll();
        world.run();
        return [near, far]
          .flatMap((peer) => peer.router.sessions())
          .reduce((sum, { tables }) => sum + tables.questions + tables.answers, 0);
      },
    };
  };
type ConnectorCommit = NonNullable<Parameters<Parameters<typeof connectorSuite>[1]>[1]>;

connectorSuite('a session over a stream', joinedBy({}));
connectorSuite('a session in pieces of 3 bytes', joinedBy({ pieceBytes: 3 }));
connectorSuite('a session over whole records', joinedBy({ records: true }));
