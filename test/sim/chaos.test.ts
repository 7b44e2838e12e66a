/**
 * Fleets under cuts, crashes, losses of power, sleep, slow and failing disks, over real session bytes, by seed.
 * `npm run chaos -- COUNT [FIRST]` runs more of them; a seed that fails prints the command that repeats it.
 */
import { itHoldsFor } from './support/seeds.ts';

itHoldsFor('of everything that befalls a fleet', 0);
