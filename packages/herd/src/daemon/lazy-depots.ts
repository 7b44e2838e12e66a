/** The depots of a daemon, which are opened when a slot asks for the first time: most daemons have none. */
import type { Answer } from '@bellwether/actors';
import type { Depot } from '@bellwether/deploy';
import { openDepots, runFolder, type DepotsOptions } from '@bellwether/deploy/node';

/** The depot of each slot. A folder that could not be opened breaks what was asked, and is tried again. */
export const lazyDepots = (options: DepotsOptions): ((slot: string) => Depot) => {
  const all = retried(() => openDepots(options));
  return (slot) => ({
    ...depotOver(async () => (await all()).of(slot)),
    folder: (release) => runFolder(options.folder, slot, release),
  });
};

const depotOver = (open: () => Promise<Depot>): Omit<Depot, 'folder'> => {
  const ask = (answer: Answer, work: (depot: Depot) => void): void =>
    void open()
      .then(work)
      .catch((error: unknown) => answer.broken(error));
  return {
    missing: (asker, contents, answer) => ask(answer, (on) => on.missing(asker, contents, answer)),
    put: (asker, piece, answer) => ask(answer, (on) => on.put(asker, piece, answer)),
    read: (content, answer) => ask(answer, (on) => on.read(content, answer)),
    drop: (content, answer) => ask(answer, (on) => on.drop(content, answer)),
    build: (release, signatures, answer) =>
      ask(answer, (on) => on.build(release, signatures, answer)),
    check: (release, answer) => ask(answer, (on) => on.check(release, answer)),
    point: (release, answer) => ask(answer, (on) => on.point(release, answer)),
    keep: (releases, answer) => ask(answer, (on) => on.keep(releases, answer)),
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
