import { memoryRig } from '../../support/netlayer-memory-rig.ts';
import { conformance } from '../conformance.ts';

for (const seed of [1, 2, 3]) conformance(`memory, seed ${seed},`, () => memoryRig(seed));
