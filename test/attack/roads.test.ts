/** The cases of wire.test.ts and sockets.test.ts on all roads but the first, which they are tried on there. */
import { describe } from 'vitest';
import { ROADS } from '../support/attack-roads.ts';
import { socketCases } from './socket-cases.ts';
import { wireCases } from './wire-cases.ts';

describe.each(ROADS.slice(1))('over $name', (road) => {
  wireCases(road);
  describe('below the session', () => socketCases(road));
});
