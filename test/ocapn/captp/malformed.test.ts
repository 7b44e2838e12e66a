/**
 * What we do with malformed input, held against the table that says why; `npm run interop -- malformed` holds Goblins and
 * real connections against it, too.
 */
import path from 'node:path';
import { World } from '@bellwether/actors';
import { encode } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { bytesOf, type Case, CASES } from '../../interop/malformed/cases.ts';
import { rowsIn } from '../../interop/malformed/table.ts';
import { PROBED, Talker } from '../../interop/malformed/talker.ts';
import { makeDesk } from '../../support/ocapn-actors.ts';
import { placeOf } from '../../support/ocapn-handoffs.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, simulatedCrypto } from '../../support/ocapn-peer.ts';
import { deliver, object, sym, toExport } from '../../support/ocapn-raw.ts';

const rows = rowsIn(path.join(import.meta.dirname, '../../interop/malformed/reactions.md'));
const reasonOf = new Map(rows.map((row) => [row.name, row]));

/** What a node on a simulated network does when it is told this. */
const reactionOf = async ({ when, says }: Case): Promise<string> => {
  const world = new World(3);
  const network = new Network(world);
  const node = new Peer(network, 'node');
  const { end, talker } = join(network);
  const zoo = node.offer('zoo', await node.run((turn) => turn.spawn(makeDesk)));
  const send = (bytes: Uint8Array): void => {
    if (!end.isClosed) end.send(bytes);
  };
  const fetch = (resolver: number, answer: number | false): void =>
    send(encode(deliver(toExport(0), [sym('fetch'), zoo.reveal()], answer, object(resolver))));
  world.runFor(100);
  if (when === 'open') {
    send(talker.hello());
    fetch(1, 0);
    world.runFor(100);
  }
  for (const said of says(talker)) send(bytesOf(said));
  if (when === 'open')
    send(encode(deliver(toExport(talker.zoo), [sym('echo'), 'probe'], false, object(PROBED))));
  else fetch(PROBED, false);
  world.runFor(1_000);
  const { outcome } = talker;
  if (!end.isClosed) end.cut();
  leavesNothing([node]);
  return outcome;
};
/** A line of somebody who speaks for himself. */
const join = (network: Network) => {
  const talker = new Talker(simulatedCrypto(network.world), placeOf('mallory'), placeOf('node'));
  const end = network.join(
    talker.location,
    (end) => {
      end.isRaw = true;
      return {
        bytes: (chunk) => talker.take(chunk),
        drained: () => undefined,
        closed: () => void (talker.isClosed = true),
      };
    },
    talker.there,
    network.acceptorOf('node'),
  );
  return { end, talker };
};

describe('what is done with', () => {
  it.each(CASES)('$name is what the table says', async (each) => {
    expect(await reactionOf(each)).toBe(reasonOf.get(each.name)?.ours);
  });
});

it('has a reason in every row, and a row for every case', () => {
  expect(rows.map(({ name }) => name)).toEqual(CASES.map(({ name }) => name));
  expect(rows.filter(({ why, goblins }) => why.length < 10 || goblins === '')).toEqual([]);
});
