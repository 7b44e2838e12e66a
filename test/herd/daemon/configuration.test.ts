import { describe, expect, it } from 'vitest';
import type { Description } from '../../../packages/herd/src/config/index.ts';
import { Configuration } from '../../../packages/herd/src/daemon/configuration.ts';

const good = { name: 'a', services: [] } as unknown as Description;
/** One that the checks let through, though it cannot be planned: a fault of ours. */
const strange = { name: 'a', services: [{ provision: [] }] } as unknown as Description;

/** What a daemon that was started with the good one is answered, and what it logs. */
const load = async (description: Description) => {
  const logged: string[] = [];
  const answer = await new Promise((resolve) => {
    const configuration = new Configuration(good, {
      read: () => Promise.resolve(description),
      env: {},
      here: () => ({ uid: 0, keeper: '/keeper', logs: '/log', runtime: '/run' }),
      log: (event) => void logged.push(event),
    });
    configuration.load({ kept: resolve, broken: resolve });
  });
  return { answer, logged };
};

describe('a configuration that is read again', () => {
  it('answers with its services', async () => {
    expect(await load(good)).toEqual({ answer: { planned: [], atRestart: [] }, logged: [] });
  });
  it('that cannot be planned is an answer, not the end of a life', async () => {
    const { answer, logged } = await load(strange);
    expect(answer).toBeInstanceOf(RangeError);
    expect(logged).toEqual(['configuration.refused']);
  });
});
