/** The secrets of machines that join, on a disk that forgets nothing. */
import { sturdyrefUri } from '@bellwether/ocapn';
import type { JoinStores, KeptSecrets } from '../../packages/herd/src/daemon/join-secrets.ts';
import { sturdyrefOf, UnknownRef } from '../../packages/herd/src/refs/ref-store.ts';

/** One folder of them, over a map of URIs. */
export const keptIn = (kept: Map<string, string>): KeptSecrets => {
  const get: KeptSecrets['get'] = (petname) => {
    const uri = kept.get(petname);
    if (uri === undefined) throw new UnknownRef(`no ref is called '${petname}'`);
    return sturdyrefOf(uri, petname);
  };
  return {
    get,
    add: (petname, ref) => void kept.set(petname, sturdyrefUri(ref)),
    has: (petname) => kept.has(petname),
    list: () => [...kept.keys()].map((petname) => ({ petname, ref: get(petname) })),
    remove: (petname) => void kept.delete(petname),
  };
};

/** Both folders, empty. */
export const noJoinStores = (): JoinStores => ({
  gifts: keptIn(new Map()),
  doors: keptIn(new Map()),
});
