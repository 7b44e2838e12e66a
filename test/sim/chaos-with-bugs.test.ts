/** The same seeds as chaos.test.ts, with one of 500 turns made to throw: as if the daemons were full of bugs. */
import { itHoldsFor } from './support/seeds.ts';

itHoldsFor('with 0.2 % of all turns made to throw', 0.002);
