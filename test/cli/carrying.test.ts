/** A release is given to a controller once, which brings it to its members: the real programs, killed in the middle. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { limits } from '@bellwether/shepherd';
import { describe, expect } from 'vitest';
import { partialBytesIn } from '../support/deploys.ts';
import { accept, grantTo, person } from '../support/grants.ts';
import { it, together } from '../support/placed.ts';
import { eventually, type Ended } from '../support/programs.ts';
import {
  contentCountIn,
  fleetRelease,
  halfAt,
  servedBy,
  startSlotNodes,
  type SlotNode,
  type SlotNodes,
} from '../support/slot-nodes.ts';

const mebibyte = 1_048_576;
const sentIn = ({ stderr }: Ended): number =>
  Number(/(\d+) pieces?, /.exec(stderr)?.[1] ?? Number.NaN);
const broughtIn = ({ stdout }: Ended): readonly string[] =>
  [...stdout.matchAll(/Service (\S+): (.+) of web \S+ \(rel:\S+\) are brought to it/g)].map(
    ([, name, size]) => `${name} ${size}`,
  );
const first = ({ nodes }: SlotNodes): SlotNode => {
  const [node] = nodes;
  if (node === undefined) throw new Error('no machine');
  return node;
};
/** Far machines: what is brought to them takes a while. */
const farAway = async ({ nodes }: SlotNodes): Promise<void> => {
  await Promise.all(nodes.map(({ link }) => link.become({ kind: 'delay', ms: 100 })));
};
/** So much of a release is half brought there. */
const untilHalf = (node: SlotNode, bytes: number): Promise<void> =>
  eventually(`${bytes} bytes are there`, () => halfAt(node) > bytes, 60_000);
const serve = async ({ nodes }: SlotNodes, version: string): Promise<void> =>
  expect(await servedBy(nodes)).toEqual(nodes.map(() => version));

describe('herd deploy of a fleet', { ...together, timeout: 240_000 }, () => {
  it('brings it to the controller once, and to each member what it lacks', async ({ place }) => {
    const all = await startSlotNodes(place, ['a', 'b'], { isMixed: true });
    const tree = Object.fromEntries(
      Array.from({ length: 100 }, (_none, at) => [`part-${at}`, crypto.randomBytes(mebibyte)]),
    );
    const one = await fleetRelease(place, 'one', { files: tree });
    const deployed = await all.c.herd('-v', 'deploy', 'web', one);
    expect(deployed).toMatchObject({ code: 0 });
    // The manifest, the server, and 100 files of 16 pieces.
    expect(sentIn(deployed)).toBe(1_602);
    await serve(all, 'one');
    const changed = { ...tree, 'part-50': crypto.randomBytes(mebibyte) };
    const two = await fleetRelease(place, 'two', { files: changed });
    const again = await all.c.herd('-v', 'deploy', 'web', two);
    expect(again).toMatchObject({ code: 0 });
    // The manifest, the server, and the file.
    expect(sentIn(again)).toBe(18);
    expect(broughtIn(again)).toEqual(['web-a 1.0 MiB', 'web-b 1.0 MiB']);
    await serve(all, 'two');
    const folders = [all.shelf, ...all.nodes.map(({ deploys }) => deploys)];
    // Two manifests, two servers, 101 files: what the slot of the controller needs is there once.
    expect(folders.map(contentCountIn)).toEqual([105, 105, 105]);
    const third = await all.c.herd('-v', 'deploy', 'web', two);
    expect(third).toMatchObject({ code: 0 });
    expect(broughtIn(third)).toEqual([]);
  });

  it('goes on where a link was cut in the middle', async ({ place }) => {
    const all = await startSlotNodes(place, ['a', 'b']);
    const big = crypto.randomBytes(32 * mebibyte);
    const file = await fleetRelease(place, 'one', { files: { big } });
    await farAway(all);
    const running = all.c.begin('deploy', 'web', file, '--no-confirm', '--batch', '100%');
    const a = first(all);
    for (const past of [2, 8]) {
      await untilHalf(a, past * mebibyte);
      await a.link.become({ kind: 'reset' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await a.link.become({ kind: 'delay', ms: 100 });
    }
    expect(await running.ended).toMatchObject({ code: 0 });
    await serve(all, 'one');
  });

  it('goes on at a machine whose shepherd was killed in the middle', async ({ place }) => {
    const all = await startSlotNodes(place, ['a', 'b']);
    const big = crypto.randomBytes(32 * mebibyte);
    const file = await fleetRelease(place, 'one', { files: { big } });
    await farAway(all);
    const running = all.c.begin('deploy', 'web', file, '--no-confirm', '--batch', '100%');
    const a = first(all);
    await untilHalf(a, 4 * mebibyte);
    await a.daemon.kill('SIGKILL');
    const had = halfAt(a);
    await place.again(a.daemon);
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(had).toBeGreaterThan(4 * mebibyte);
    await serve(all, 'one');
  });

  it('is told by a controller that was killed in the middle, and a retry goes on', async ({
    place,
  }) => {
    const all = await startSlotNodes(place, ['a', 'b']);
    const big = crypto.randomBytes(32 * mebibyte);
    const file = await fleetRelease(place, 'one', { files: { big } });
    await farAway(all);
    const running = all.c.begin('deploy', 'web', file, '--no-confirm');
    // Which of them goes first depends on whom the controller has heard of.
    let one = first(all);
    await eventually(
      '4 MiB are at one of them',
      () => {
        one = all.nodes.find((node) => halfAt(node) > 4 * mebibyte) ?? one;
        return halfAt(one) > 4 * mebibyte;
      },
      60_000,
    );
    await all.c.kill('SIGKILL');
    const had = halfAt(one);
    const c = await place.again(all.c);
    const { code, stdout, stderr } = await running.ended;
    expect({ code, told: stdout + stderr }).toMatchObject({
      code: 4,
      told: expect.stringContaining('deploy never came to'),
    });
    expect(await servedBy(all.nodes)).toEqual([undefined, undefined]);
    expect(halfAt(one)).toBeGreaterThanOrEqual(had);
    const { stdout: ops } = await c.herd('op', 'ls', '--json');
    const { operations } = JSON.parse(ops) as {
      readonly operations: readonly { readonly operation: string }[];
    };
    const again = await c.herd('retry', operations[0]?.operation ?? '');
    expect(again).toMatchObject({ code: 0 });
    const [[brought = ''] = []] = [...again.stdout.matchAll(/Service web-[ab]: \S+ MiB/g)];
    expect(Number(/([\d.]+) MiB/.exec(brought)?.[1])).toBeLessThan(32 - had / mebibyte + 4);
    await serve(all, 'one');
  });

  it('stops with the grant that it was asked through', async ({ place }) => {
    const all = await startSlotNodes(place, ['a', 'b']);
    const ci = person(place, 'ci');
    await accept(ci, await grantTo(place, all.c, 'web', 'ci', 'deploy'));
    const { stdout } = await all.c.herd('grant', 'ls', '--json');
    const { grants } = JSON.parse(stdout) as {
      readonly grants: readonly { readonly id: string }[];
    };
    const big = crypto.randomBytes(32 * mebibyte);
    const file = await fleetRelease(place, 'one', { files: { big } });
    await farAway(all);
    const running = ci.begin('deploy', '@web', file, '--no-confirm');
    const a = first(all);
    await untilHalf(a, 4 * mebibyte);
    expect((await all.c.herd('grant', 'revoke', grants[0]?.id ?? '')).code).toBe(0);
    const had = halfAt(a);
    expect(await running.ended).toMatchObject({ code: 5 });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const window = limits.askerTransferCount * limits.pieceOfReleaseBytes;
    expect(halfAt(a) - had).toBeLessThanOrEqual(window);
    expect(await servedBy(all.nodes)).toEqual([undefined, undefined]);
  });

  it('is answered clearly by a controller whose disk is full', async ({ place, skip }) => {
    skip(process.getuid?.() !== 0, 'mounting a small disk is for root');
    const all = await startSlotNodes(place, ['a', 'b']);
    fs.mkdirSync(all.shelf, { mode: 0o700 });
    const mount = ['-t', 'tmpfs', '-o', 'size=96m,mode=700', 'tmpfs', all.shelf];
    expect((await place.run('mount', mount)).code).toBe(0);
    place.atEnd(() => place.run('umount', ['-l', all.shelf]));
    const big = crypto.randomBytes(48 * mebibyte);
    const file = await fleetRelease(place, 'one', { files: { big } });
    const full = await all.c.herd('deploy', 'web', file);
    expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('room') });
    expect(await servedBy(all.nodes)).toEqual([undefined, undefined]);
    const small = await fleetRelease(place, 'two');
    expect(await all.c.herd('deploy', 'web', small)).toMatchObject({ code: 0 });
    await serve(all, 'two');
  });

  it('costs the controller a window for each member, and not the release', async ({ place }) => {
    const all = await startSlotNodes(place, ['a', 'b', 'd']);
    const small = await fleetRelease(place, 'one');
    expect((await all.c.herd('deploy', 'web', small, '--batch', '100%')).code).toBe(0);
    const peakOf = (): number =>
      Number(
        /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${all.c.process.pid}/status`, 'utf8'))?.[1],
      ) / 1_024;
    const before = peakOf();
    const big = crypto.randomBytes(160 * mebibyte);
    const file = await fleetRelease(place, 'two', { files: { big } });
    const deployed = await all.c.herd('deploy', 'web', file, '--batch', '100%', '--no-confirm');
    expect(deployed).toMatchObject({ code: 0 });
    await serve(all, 'two');
    // 56 MiB were measured: buffers of three sessions, and what was not collected yet.
    expect(peakOf() - before).toBeLessThan(100);
    expect(partialBytesIn(all.shelf)).toBe(0);
  });
});
