/**
 * How large a fleet gets: `npm run scale -- [COUNT]` simulates so many machines (1,000), each with a shepherd of its own
 * and real session bytes; `npm run scale -- real [COUNT]` starts so many daemons (20) and runs `herd` against their
 * controller. Prints one JSON line for each step: wall time, memory, and for simulated fleets what can be counted.
 */
import { scaleReal } from './support/scale-real.ts';
import { scaleSimulated } from './support/scale-simulated.ts';

const [first = '1000', second = '20'] = process.argv.slice(2);
if (first === 'real') await scaleReal(Number(second));
else scaleSimulated(Number(first));
