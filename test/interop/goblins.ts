/**
 * Bellwether and Guile Goblins 0.18, each as server and as client of the other, on every road that both have: what calls
 * come to, value by value. Prints a table; ends with 1 where anything is other than it should.
 *
 *     npm run interop -- goblins ROOT
 *
 * ROOT: see test/interop/support/goblins.ts.
 */
import type { Ref } from '@bellwether/actors';
import { callAll, makeCounter, type Verdicts } from './support/calls.ts';
import { type At, printedRef, rootFrom, sharedFolder, startGuile } from './support/goblins.ts';
import { makePeer, sturdyrefOf } from './support/peer.ts';
import { makeCertificate, roads } from './support/roads.ts';
import { type Column, heardFrom, showColumns } from './support/verdicts.ts';

/** We call Goblins. */
const outward = async (at: At): Promise<Verdicts> => {
  const { child, lines } = startGuile(at, 'server');
  const peer = makePeer(at.road, false, at.folder);
  try {
    const known = {
      readsNull: false,
      keepsMinusZero: true,
      writesEmoji: true,
      provesKeys: at.road !== 'unix',
    };
    return await callAll(peer, sturdyrefOf(await printedRef(lines)), known);
  } finally {
    peer.router.close();
    child.kill('SIGKILL');
  }
};

/** Goblins calls us; its script judges. */
const inward = async (at: At): Promise<Verdicts> => {
  const { vat, router, serve } = makePeer(at.road, true, at.folder);
  const uri = await serve((await vat.run((turn) => turn.spawn(makeCounter, 0))) as Ref);
  try {
    return await heardFrom(startGuile(at, 'client', uri), inwardCount);
  } finally {
    router.close();
  }
};
/** How many things client.scm tries. */
const inwardCount = 35;

const root = rootFrom('goblins');
const { folder, end } = sharedFolder(root);
const columns: Column[] = [];
try {
  makeCertificate(folder);
  for (const road of roads.keys()) {
    const at = { root, road, folder };
    columns.push({ name: `${road} to Goblins`, verdicts: await outward(at), wantedCount: 0 });
    const verdicts = await inward(at);
    columns.push({ name: `${road} from Goblins`, verdicts, wantedCount: inwardCount });
  }
} finally {
  end();
}
process.exit(showColumns(columns) ? 0 : 1);
