/**
 * Handoffs among Bellwether and Guile Goblins 0.18: each of the two as gifter, receiver and exporter, every party a peer of its
 * own, on every road that both have. Prints a table; ends with 1 where anything is other than it should.
 *
 *     npm run interop -- handoffs ROOT
 *
 * ROOT: see test/interop/support/goblins.ts.
 */
import { printedRef, rootFrom, sharedFolder, startGuile } from './support/goblins.ts';
import { handOff, handOffAll, type Kind, ours, tellHandOff } from './support/parties.ts';
import { makeCertificate, roads } from './support/roads.ts';

const root = rootFrom('handoffs');
const goblins: Kind = async ({ road, folder }) => {
  const { child, lines } = startGuile({ root, road, folder }, 'party');
  return { uri: await printedRef(lines), end: () => void child.kill('SIGKILL') };
};
const kinds = [
  ['Bellwether', ours],
  ['Goblins', goblins],
] as const;
const { folder, end } = sharedFolder(root);
let failedCount = 0;
try {
  makeCertificate(folder);
  for (const road of roads.keys()) {
    const at = { road, folder, dialect: 'goblins' } as const;
    failedCount += await handOffAll(at, kinds);
    // Goblins has one count for all receivers of a gifter: the second one of them is behind it, and asks once more.
    for (const [gifter, startGifter] of kinds) {
      const result = await handOff(at, [startGifter, ours, goblins, ours]);
      if (!tellHandOff([road, gifter, 'two of ours', 'Goblins'], result)) failedCount += 1;
    }
  }
} finally {
  end();
}
process.exit(failedCount === 0 ? 0 : 1);
