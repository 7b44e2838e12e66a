/** A release gets to a slot, stays or goes back: the real programs, killed in the middle. */
import crypto from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import {
  answerOf,
  contentsIn,
  deployed,
  digestOf,
  heldBack,
  listed,
  phaseOf,
  releaseOf,
  sentIn,
  startSlot,
  untilPhase,
  type Slotted,
} from '../support/deploys.ts';
import { accept, grantTo, person } from '../support/grants.ts';
import { it, together } from '../support/placed.ts';
import { eventually, makePlace, type Place } from '../support/programs.ts';

describe('herd deploy', together, () => {
  it('sends what is new in the second release, and nothing else', async ({ place }) => {
    const slotted = await startSlot(place);
    const big = crypto.randomBytes(3 * 1_048_576);
    const first = await releaseOf(slotted, 'one', { files: { big, same: 'same' } });
    const one = await slotted.daemon.herd('-v', 'deploy', 'web', first);
    expect(one.code).toBe(0);
    // The manifest, the server, `same`, and 48 pieces of 64 KiB.
    expect(sentIn(one.stderr)).toBe(51);
    expect(one.stderr).toMatch(/^51 pieces, 3\.0 MiB sent\n$/);
    const before = contentsIn(slotted.folder);
    const second = await releaseOf(slotted, 'two', { files: { big, same: 'same' } });
    const two = await slotted.daemon.herd('-v', 'deploy', 'web', second);
    expect(two.code).toBe(0);
    expect(sentIn(two.stderr)).toBe(2);
    const after = contentsIn(slotted.folder);
    expect([...after].filter((each) => !before.has(each))).toHaveLength(2);
    expect(await answerOf(slotted)).toBe('two');
  });

  it('is undone by the machine where nobody confirms, since its herd was killed', async ({
    place,
  }) => {
    const rest = 'confirmSeconds: 3, healthySeconds: 1.5, stop: { graceSeconds: 1 }';
    const slotted = await startSlot(place, rest);
    await deployed(slotted, 'one');
    const { file: two, go } = await heldBack(slotted, 'two');
    const running = slotted.daemon.begin('deploy', 'web', two);
    await untilPhase(slotted.daemon, 'health-gate');
    running.process.kill('SIGKILL');
    await running.ended;
    go();
    await eventually('the release serves', async () => (await answerOf(slotted)) === 'two');
    await eventually('the one before serves', async () => (await answerOf(slotted)) === 'one');
    await eventually('it is over', async () => (await phaseOf(slotted.daemon)) === undefined);
    expect(await listed(slotted)).toMatch(/web +two .* rejected: nobody has confirmed it/m);
  });

  it('leaves it to the machine at Ctrl-C, and herd confirm keeps it', async ({ place }) => {
    const rest = 'confirmSeconds: 20, healthySeconds: 1.5, stop: { graceSeconds: 1 }';
    const slotted = await startSlot(place, rest);
    await deployed(slotted, 'one');
    const { file: two, go } = await heldBack(slotted, 'two');
    const running = slotted.daemon.begin('deploy', 'web', two);
    await untilPhase(slotted.daemon, 'health-gate');
    running.process.kill('SIGINT');
    const { code, stderr } = await running.ended;
    go();
    expect(code).toBe(130);
    expect(stderr).toContain("goes back by itself, unless 'herd confirm web' keeps it");
    await untilPhase(slotted.daemon, 'awaiting-confirm');
    expect((await slotted.daemon.herd('confirm', 'web')).code).toBe(0);
    expect(await listed(slotted)).toMatch(/web +two .* current$/m);
    expect((await slotted.daemon.herd('rollback', 'web')).code).toBe(0);
    expect(await answerOf(slotted)).toBe('one');
  });
});

/** One machine for all, in this order. */
describe('herd deploy to a slot', () => {
  let place: Place;
  let slotted: Slotted;
  beforeAll(async () => {
    place = makePlace();
    slotted = await startSlot(place);
  });
  afterAll(() => place.clean());

  it('brings a release to a new slot, and it serves', async () => {
    const none = await slotted.daemon.herd('start', 'web');
    expect(none.stderr).toContain('web has no release yet');
    const file = await releaseOf(slotted, 'one');
    const digest = await digestOf(place, file);
    const { code, stdout } = await slotted.daemon.herd('deploy', 'web', file);
    expect(code).toBe(0);
    expect(stdout).toContain('is well, and waits to be confirmed, for 30 s.\n');
    expect(stdout).toMatch(
      new RegExp(`^Release ${digest.slice(11, 23)} has been deployed to web.$`, 'm'),
    );
    expect(await answerOf(slotted)).toBe('one');
    expect(await listed(slotted)).toMatch(new RegExp(`^${digest} +web +one .* current$`, 'm'));
    const again = await slotted.daemon.herd('deploy', 'web', file);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('was active at web') });
  });

  it('goes back by itself from a release that does not run: exit code 7', async () => {
    const bad = await releaseOf(slotted, 'bad', { isBroken: true });
    const { code, stderr } = await slotted.daemon.herd('deploy', 'web', bad);
    expect(code).toBe(7);
    expect(stderr).toContain('its process exited with code 3; back at web one');
    expect(await answerOf(slotted)).toBe('one');
    expect(await listed(slotted)).toMatch(/web +bad .* rejected: its process exited with code 3$/m);
  });

  it('is for whoever was granted it: who may stage cannot activate', async () => {
    const two = await releaseOf(slotted, 'two');
    const digest = await digestOf(place, two);
    const ci = person(place, 'ci');
    await accept(ci, await grantTo(place, slotted.daemon, 'web', 'ci', 'stage'));
    for (const words of [
      ['deploy', '@web', two],
      ['activate', '@web', digest],
      ['rollback', '@web'],
      ['confirm', '@web'],
      ['release', 'ls', '@web'],
    ]) {
      const { code, stderr } = await ci.herd(...words);
      expect({ words, code, stderr }).toMatchObject({ words, code: 5 });
    }
    expect((await ci.herd('stage', '@web', two)).code).toBe(0);
    expect((await ci.herd('activate', '@web', digest)).code).toBe(5);
    expect(await answerOf(slotted)).toBe('one');
    expect(await listed(slotted)).toMatch(/web +two .* staged$/m);
  });
});
