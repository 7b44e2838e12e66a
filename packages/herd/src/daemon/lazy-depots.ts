/** The depots of a daemon, which are opened when a slot asks for the first time: most daemons have none. */
import type { Answer } from '@bellwether/actors';
import type { Depot, Digest, Shelf } from '@bellwether/deploy';
import { openDepots, runFolder, type DepotsOptions } from '@bellwether/deploy/node';

/** What of the disk is for releases. */
export interface LazyDepots {
  /** The depot of each slot. */
  of(slot: string): Depot;
  /** Of what is kept for services elsewhere. */
  readonly shelf: Shelf;
}

/** A folder that could not be opened breaks what was asked, and is tried again. */
export const lazyDepots = (options: DepotsOptions): LazyDepots => {
  let kept: readonly Digest[] = [];
  const all = retried(async () => {
    const depots = await openDepots(options);
    depots.shelve(kept);
    return depots;
  });
  return {
    of: (slot) => ({
      ...depotOver(async () => (await all()).of(slot)),
      folder: (release) => runFolder(options.folder, slot, release),
    }),
    shelf: shelfOver(
      async () => (await all()).shelf(),
      (releases) => {
        kept = releases;
      },
    ),
  };
};

const shelfOver = (
  open: () => Promise<Shelf>,
  noted: (releases: readonly Digest[]) => void,
): Shelf => {
  const ask = asking(open);
  return {
    ...contentsOver(ask),
    piece: (sha256, offset, byteCount, answer) =>
      ask(answer, (on) => on.piece(sha256, offset, byteCount, answer)),
    keep: (releases, answer) => {
      // Whoever opens the folder first may have contents collected: these are needed from then on.
      noted(releases);
      ask(answer, (on) => on.keep(releases, answer));
    },
  };
};
type Contents = Pick<Depot, 'missing' | 'put' | 'read' | 'inspect'>;
const contentsOver = (ask: Asking<Contents>): Contents => ({
  missing: (asker, contents, answer) => ask(answer, (on) => on.missing(asker, contents, answer)),
  put: (asker, piece, answer) => ask(answer, (on) => on.put(asker, piece, answer)),
  read: (content, answer) => ask(answer, (on) => on.read(content, answer)),
  inspect: (release, answer) => ask(answer, (on) => on.inspect(release, answer)),
});
type Asking<T> = (answer: Answer, work: (on: T) => void) => void;
const asking =
  <T>(open: () => Promise<T>): Asking<T> =>
  (answer, work) =>
    void open()
      .then(work)
      .catch((error: unknown) => answer.broken(error));

const depotOver = (open: () => Promise<Depot>): Omit<Depot, 'folder'> => {
  const ask = asking(open);
  return {
    ...contentsOver(ask),
    build: (release, signatures, answer) =>
      ask(answer, (on) => on.build(release, signatures, answer)),
    check: (release, answer) => ask(answer, (on) => on.check(release, answer)),
    point: (release, answer) => ask(answer, (on) => on.point(release, answer)),
    keep: (releases, answer) => ask(answer, (on) => on.keep(releases, answer)),
    giveUp: (askers, answer) => ask(answer, (on) => on.giveUp(askers, answer)),
  };
};

/** Once, unless it failed. */
const retried = <T>(open: () => Promise<T>): (() => Promise<T>) => {
  let opening: Promise<T> | undefined;
  return () =>
    (opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
};
