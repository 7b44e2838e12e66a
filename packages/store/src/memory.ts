/** A store in memory, for tests and simulations: the same code on a disk that a test owns. */
import { fill } from './fill.ts';
import type { Mark } from './mark.ts';
import type { MemoryDisk } from './memory-shelf.ts';
import { openStore, type Store } from './store.ts';

/**
 * Opens what is on a disk in memory; an empty one is begun. The disk and the mark outlive the store.
 * @throws as openStore
 */
export const openMemory = async (disk: MemoryDisk, mark: Mark): Promise<Store> => {
  if (disk.image().size === 0) {
    const shelf = await disk.open();
    await fill(shelf, [], { epoch: mark.epoch, restored: 0 });
    await shelf.close();
  }
  return openStore(disk, mark, 'memory');
};
