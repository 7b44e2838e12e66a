/** A victim, a good client and those who attack, on one road; and what holds of every attack. */
import type { PeerLocation } from '@bellwether/ocapn';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { Client } from './attack-client.ts';
import type { End, Road } from './attack-roads.ts';
import { Stranger } from './attack-stranger.ts';
import { type Stats, Victim } from './attack-victim.ts';

const MiB = 1024 * 1024;
/** What the peak of an idle process wanders by: young objects, compiled code. */
const WANDER_BYTES = 48 * MiB;
/** What it keeps of anything: code that was compiled, pools that have grown. */
const RESIDUE_BYTES = 4 * MiB;
/** CPU time, the good client's calls included; it does not depend on who else is on the machine. */
const CPU_MS = 4_000;
/** Calls after which both ends are compiled. */
const WARM_CALLS = 500;
/** Milliseconds between two looks at what is left of an attack, and how many there are. */
const [LOOK_MS, LOOK_COUNT] = [10, 2_000];

/** What an attack may cost its victim, for a while. */
export interface Bounds {
  /** By which its memory may grow. */
  readonly peakBytes?: number;
  readonly cpuMs?: number;
}
/** One road to a victim, in the tests of the block that asks for it. */
export interface Scene {
  readonly victim: Victim;
  readonly at: PeerLocation;
  /** It is called all the while. */
  readonly client: Client;
  /** An end for an attacker, closed after the test. */
  end(): End;
  /** An attacker that has fetched the zoo, as its answer 0 and export 1. */
  guest(): Promise<Stranger>;
  /**
   * Waits until the victim has ended the session of an attacker. The reason is the victim's: where it closes at once, as on a
   * shared socket, its last word may not arrive.
   */
  endOf(mallory: Stranger): Promise<string>;
  /** Fails unless somebody who comes now is served. */
  newcomerIsServed(): Promise<void>;
  /** Waits until nobody but the good client has a session. */
  untilAlone(): Promise<Stats>;
  /**
   * Carries out an attack, whose attackers have gone or were ended when it settles. The good client is served all the
   * while and a newcomer afterwards; peak and CPU time are within the bounds; and nothing is left of it in the end.
   */
  suffer(attack: () => Promise<void>, bounds?: Bounds): Promise<void>;
}

/** Sets the scene for all tests of the block in which it is called. */
export const sceneOn = (road: Road): Scene => {
  let victim: Victim;
  let at: PeerLocation;
  let client: Client;
  let before: Stats;
  let ends: End[] = [];
  beforeAll(async () => {
    victim = await Victim.start();
    at = victim.at(road);
    client = new Client(road.client());
    for (let times = 0; times < WARM_CALLS; times += 1) await client.call(at);
  });
  afterAll(async () => {
    await client.close();
    await victim.end();
  });
  beforeEach(async () => {
    await client.call(at);
    before = await victim.mark();
    await victim.reasons();
    expect(before.sessions).toHaveLength(1);
  });
  afterEach(async () => {
    await Promise.all(
      ends.map(({ netlayer }) => new Promise<void>((done) => netlayer.close(done))),
    );
    ends = [];
  });
  const end = (): End => {
    const made = road.client();
    ends.push(made);
    return made;
  };
  const untilAlone = async (): Promise<Stats> => {
    for (let looks = 0; ; looks += 1) {
      const { sessions } = await victim.stats();
      if (sessions.length === 1) return victim.settled();
      if (looks > LOOK_COUNT) throw new Error(`they stay: ${JSON.stringify(sessions)}`);
      await new Promise((go) => setTimeout(go, LOOK_MS));
    }
  };
  const newcomerIsServed = async (): Promise<void> => {
    const newcomer = new Client(road.client());
    await newcomer.call(at);
    await newcomer.close();
  };
  return {
    get victim() {
      return victim;
    },
    get at() {
      return at;
    },
    get client() {
      return client;
    },
    end,
    guest: () => Stranger.guest(end(), at),
    endOf: async (mallory) => {
      await mallory.until('the end of the session', () => mallory.isClosed);
      return (await victim.reasons()).join(' ');
    },
    newcomerIsServed,
    untilAlone,
    suffer: async (attack, { peakBytes = WANDER_BYTES, cpuMs = CPU_MS } = {}) => {
      expect(await client.meanwhile(at, attack())).toBeGreaterThan(0);
      const worst = await victim.stats();
      await newcomerIsServed();
      expect(worst.peakBytes - before.rssBytes).toBeLessThan(peakBytes);
      expect(worst.cpuMs - before.cpuMs).toBeLessThan(cpuMs);
      const after = await untilAlone();
      if (process.env['SHOW_COSTS'] !== undefined)
        console.log(
          expect.getState().currentTestName,
          `peak +${((worst.peakBytes - before.rssBytes) / MiB).toFixed(1)} MiB,`,
          `cpu ${(worst.cpuMs - before.cpuMs).toFixed()} ms,`,
          `left ${((after.retainedBytes - before.retainedBytes) / MiB).toFixed(2)} MiB`,
        );
      expect(after.retainedBytes - before.retainedBytes).toBeLessThan(RESIDUE_BYTES);
    },
  };
};
