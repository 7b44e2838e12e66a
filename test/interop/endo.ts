/**
 * Bellwether and Endo's OCapN 1.1, each as server and as client of the other over WebSocket: what calls come to, value by
 * value; then handoffs, with each of the two as gifter, receiver and exporter. Prints tables; ends with 1 where anything is other
 * than it should.
 *
 *     npm run interop -- endo FOLDER
 *
 * FOLDER: see test/interop/support/endo.ts.
 */
import type { Ref } from '@bellwether/actors';
import { callAll, makeCounter, type Verdicts } from './support/calls.ts';
import { endoFrom, startEndo } from './support/endo.ts';
import { printedRef } from './support/goblins.ts';
import { handOffAll, ours, type Kind } from './support/parties.ts';
import { makePeer, sturdyrefOf } from './support/peer.ts';
import { heardFrom, showColumns } from './support/verdicts.ts';

const folder = endoFrom();

/** We call Endo. */
const outward = async (): Promise<Verdicts> => {
  const { child, lines } = startEndo(folder, 'server');
  const peer = makePeer('websocket', false, '', 'endo');
  try {
    // It takes both halves of a surrogate pair for halves, and writes no such text.
    const known = {
      readsNull: true,
      keepsMinusZero: false,
      writesEmoji: false,
      provesKeys: true,
    };
    return await callAll(peer, sturdyrefOf(await printedRef(lines)), known);
  } finally {
    peer.router.close();
    child.kill('SIGKILL');
  }
};
/** Endo calls us; its script judges. */
const inward = async (): Promise<Verdicts> => {
  const { vat, router, serve } = makePeer('websocket', true, '', 'endo');
  const uri = await serve((await vat.run((turn) => turn.spawn(makeCounter, 0))) as Ref);
  try {
    return await heardFrom(startEndo(folder, 'client', uri), inwardCount);
  } finally {
    router.close();
  }
};
/** How many things client.mjs tries. */
const inwardCount = 35;

const isWell = showColumns([
  { name: 'websocket to Endo', verdicts: await outward(), wantedCount: 0 },
  { name: 'websocket from Endo', verdicts: await inward(), wantedCount: inwardCount },
]);
const endo: Kind = async () => {
  const { child, lines } = startEndo(folder, 'party');
  return { uri: await printedRef(lines), end: () => void child.kill('SIGKILL') };
};
const at = { road: 'websocket', folder: '', dialect: 'endo' } as const;
process.stdout.write('\n');
const failedCount = await handOffAll(at, [
  ['Bellwether', ours],
  ['Endo', endo],
]);
process.exit(isWell && failedCount === 0 ? 0 : 1);
