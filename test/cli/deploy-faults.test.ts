/** A deploy that something comes in between of: the real programs, killed, cut off, out of rights, stopped, reloaded. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { limits } from '@bellwether/shepherd';
import { describe, expect } from 'vitest';
import {
  answerOf,
  deployed,
  digestOf,
  heldBack,
  listed,
  partialBytesIn,
  phaseOf,
  releaseOf,
  sentIn,
  type Slotted,
  startSlot,
  untilPhase,
} from '../support/deploys.ts';
import { accept, grantTo, person } from '../support/grants.ts';
import { it, together } from '../support/placed.ts';
import { configOf, eventually } from '../support/programs.ts';
import { makeProxy } from '../support/proxy.ts';
import { mint, portIn, reroute } from '../support/web-fleet.ts';

describe('herd deploy', together, () => {
  it('is undone by a machine that was killed while it waited', async ({ place }) => {
    const slotted = await startSlot(place);
    await deployed(slotted, 'one');
    const two = await releaseOf(slotted, 'two');
    expect((await slotted.daemon.herd('stage', 'web', two)).code).toBe(0);
    expect(await answerOf(slotted)).toBe('one');
    const asked = slotted.daemon.begin('activate', 'web', await digestOf(place, two), 'confirm=4');
    await untilPhase(slotted.daemon, 'awaiting-confirm');
    await slotted.daemon.kill('SIGKILL');
    await asked.ended;
    const next = { ...slotted, daemon: await place.again(slotted.daemon) };
    await eventually('the one before serves', async () => (await answerOf(next)) === 'one');
    await eventually('it is over', async () => (await phaseOf(next.daemon)) === undefined);
    expect(await listed(next)).toMatch(/web +two .* rejected: /m);
    expect(await listed(next)).toMatch(/web +one .* current$/m);
  });

  it('finds its operation again where the shepherd was killed meanwhile', async ({ place }) => {
    const rest = 'confirmSeconds: 20, healthySeconds: 1.5, stop: { graceSeconds: 1 }';
    const slotted = await startSlot(place, rest);
    await deployed(slotted, 'one');
    const { file: two, go } = await heldBack(slotted, 'two');
    const running = slotted.daemon.begin('deploy', 'web', two);
    await untilPhase(slotted.daemon, 'health-gate');
    await slotted.daemon.kill('SIGKILL');
    go();
    await place.again(slotted.daemon);
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('web is away') });
    expect(await answerOf(slotted)).toBe('two');
  });

  it('goes on where an upload was cut', async ({ place }) => {
    const slotted = await startSlot(place);
    const big = crypto.randomBytes(64 * 1_048_576);
    const file = await releaseOf(slotted, 'one', { files: { big } });
    const cut = slotted.daemon.begin('stage', 'web', file);
    await eventually('some of it is there', () => partialBytesIn(slotted.folder) > 4 * 1_048_576);
    cut.process.kill('SIGKILL');
    await cut.ended;
    const had = partialBytesIn(slotted.folder);
    expect(had).toBeLessThan(big.length);
    const { code, stderr } = await slotted.daemon.herd('-v', 'stage', 'web', file);
    expect(code).toBe(0);
    // What was on its way when it was cut may have come since.
    expect(sentIn(stderr)).toBeLessThanOrEqual((big.length - had) / 65_536 + 3);
  });

  it.for(['silent', 'refuse'] as const)(
    'goes back where the machine can be reached no more (%s), and that is told: exit code 7',
    async (kind, { place }) => {
      const listen = "{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }";
      const rest = 'confirmSeconds: 2, healthySeconds: 1.5, stop: { graceSeconds: 1 }';
      const slotted = await startSlot(place, rest, listen);
      await deployed(slotted, 'one');
      const file = await mint(place, slotted.daemon, 'web');
      const link = await makeProxy(portIn(file));
      place.atEnd(() => link.close());
      reroute(file, link);
      const anna = person(place, 'anna');
      expect((await anna.herd('ref', 'add', 'web', '--from', file)).code).toBe(0);
      const { file: two, go } = await heldBack(slotted, 'two');
      const running = anna.begin('deploy', '@web', two);
      await untilPhase(slotted.daemon, 'health-gate');
      await link.become(kind === 'silent' ? { kind, way: 'both' } : { kind });
      go();
      // That it waited to be confirmed, for less time than two looks may take, is told in the end.
      await eventually('it is over', async () => (await phaseOf(slotted.daemon)) === undefined);
      expect(await answerOf(slotted)).toBe('one');
      await link.become({ kind: 'pass' });
      const { code, stderr } = await running.ended;
      expect(code).toBe(7);
      expect(stderr).toContain('nobody has confirmed it within 2 s; back at web one');
    },
  );

  it('ends for who loses the grant in the middle, and nothing more is taken', async ({ place }) => {
    const listen = "{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }";
    const slotted = await startSlot(place, undefined, listen);
    const ci = person(place, 'ci');
    await accept(ci, await grantTo(place, slotted.daemon, 'web', 'ci', 'stage'));
    const { stdout } = await slotted.daemon.herd('grant', 'ls', '--json');
    const { grants } = JSON.parse(stdout) as {
      readonly grants: readonly { readonly id: string }[];
    };
    const big = crypto.randomBytes(96 * 1_048_576);
    const running = ci.begin('stage', '@web', await releaseOf(slotted, 'one', { files: { big } }));
    await eventually('some of it is there', () => partialBytesIn(slotted.folder) > 1_048_576);
    expect((await slotted.daemon.herd('grant', 'revoke', grants[0]?.id ?? '')).code).toBe(0);
    const had = partialBytesIn(slotted.folder);
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('revoked') });
    const has = partialBytesIn(slotted.folder);
    // What was with the disk by then is written, and no piece more.
    expect(has - had).toBeLessThanOrEqual(limits.askerTransferCount * limits.pieceOfReleaseBytes);
    expect(has).toBeLessThan(big.length);
  });

  it('is given up for a later stop: exit code 9', async ({ place }) => {
    const rest = 'confirmSeconds: 200, healthySeconds: 100, stop: { graceSeconds: 1 }';
    const slotted = await startSlot(place, rest);
    const file = await releaseOf(slotted, 'one');
    const running = slotted.daemon.begin('deploy', 'web', file);
    await untilPhase(slotted.daemon, 'health-gate');
    expect((await slotted.daemon.herd('stop', 'web')).code).toBe(0);
    expect((await running.ended).code).toBe(9);
    await eventually('it is over', async () => (await phaseOf(slotted.daemon)) === undefined);
    expect(await listed(slotted)).not.toContain('current');
  });

  it('says with exit code 8 that the way back has failed, and holds the slot', async ({
    place,
  }) => {
    const rest = 'confirmSeconds: 20, healthySeconds: 0.3, stop: { graceSeconds: 1 }';
    const slotted = await startSlot(place, rest);
    const needed = path.join(place.folder, 'needed');
    fs.writeFileSync(needed, '');
    const server = `require('node:fs').accessSync('${needed}');
require('node:http').createServer((_question, answer) => answer.end()).listen(${slotted.port}, '127.0.0.1');`;
    const one = await releaseOf(slotted, 'one', { files: { 'server.js': server } });
    expect((await slotted.daemon.herd('deploy', 'web', one, '--no-confirm')).code).toBe(0);
    fs.rmSync(needed);
    const bad = await releaseOf(slotted, 'bad', { isBroken: true });
    const { code, stderr } = await slotted.daemon.herd('deploy', 'web', bad);
    expect({ code, stderr }).toMatchObject({ code: 8 });
    expect(await phaseOf(slotted.daemon)).toBe('rollback-failed');
    const again = await slotted.daemon.herd('deploy', 'web', bad);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('somebody has looked');
    fs.writeFileSync(needed, '');
    const digest = await digestOf(place, one);
    expect((await slotted.daemon.herd('activate', 'web', digest, 'no-confirm')).code).toBe(0);
    expect(await phaseOf(slotted.daemon)).toBeUndefined();
  });

  it('is confirmed by whoever may deploy, and see nothing', async ({ place }) => {
    const slotted = await startSlot(place);
    const ci = person(place, 'ci');
    await accept(ci, await grantTo(place, slotted.daemon, 'web', 'ci', 'deploy'));
    expect((await ci.herd('status', '@web')).code).toBe(5);
    const { code, stderr } = await ci.herd('deploy', '@web', await releaseOf(slotted, 'one'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await answerOf(slotted)).toBe('one');
  });
});

describe('a slot whose description changes', together, () => {
  const configure = ({ daemon }: Slotted, services: string): void =>
    fs.writeFileSync(path.join(daemon.folder, 'shepherd.config.ts'), configOf('A', services));
  it('keeps its release over a reload, and over being away', async ({ place }) => {
    const slotted = await startSlot(place);
    await deployed(slotted, 'one');
    configure(slotted, `slot({ provision: ['web'], confirmSeconds: 9, respawn: true })`);
    const reloaded = await slotted.daemon.herd('reload');
    expect(reloaded.stdout).toMatch(/web: confirmSeconds, healthySeconds, respawn, stop/);
    expect((await slotted.daemon.herd('restart', 'web')).code).toBe(0);
    await eventually('it serves', async () => (await answerOf(slotted)) === 'one');
    configure(slotted, `service({ provision: ['other'] })`);
    expect((await slotted.daemon.herd('reload')).code).toBe(0);
    expect(await answerOf(slotted)).toBeUndefined();
    configure(slotted, `slot({ provision: ['web'], healthySeconds: 0.3 })`);
    expect((await slotted.daemon.herd('reload')).code).toBe(0);
    expect((await slotted.daemon.herd('start', 'web')).code).toBe(0);
    await eventually('it serves', async () => (await answerOf(slotted)) === 'one');
    await deployed(slotted, 'two');
  });

  it('takes only what is signed from the moment on in which that is said', async ({ place }) => {
    const slotted = await startSlot(place);
    await deployed(slotted, 'one');
    const key = path.join(place.folder, 'ci.key');
    const made = await place.herd(['release', 'key', '--out', key]);
    configure(
      slotted,
      `slot({ provision: ['web'], healthySeconds: 0.3, trust: { keys: ['${made.stdout.trim()}'] } })`,
    );
    expect((await slotted.daemon.herd('reload')).code).toBe(0);
    const two = await releaseOf(slotted, 'two');
    const refused = await slotted.daemon.herd('deploy', 'web', two);
    expect(refused.code).toBe(1);
    expect(await answerOf(slotted)).toBe('one');
    expect((await place.herd(['release', 'sign', two, '--key', key])).code).toBe(0);
    expect((await slotted.daemon.herd('deploy', 'web', two)).code).toBe(0);
    expect(await answerOf(slotted)).toBe('two');
  });
});

describe('herd deploy, which', together, () => {
  it('says what it would do, and does nothing, with --dry-run', async ({ place }) => {
    const slotted = await startSlot(place);
    const file = await releaseOf(slotted, 'one', { files: { big: crypto.randomBytes(65_536) } });
    const { code, stdout } = await slotted.daemon.herd('deploy', 'web', file, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^6[45]\.\d KiB at most would be sent\.$/m);
    expect(stdout).toContain('Nothing was done.');
    expect(await listed(slotted)).toBe('No releases yet.\n');
  });

  it('refuses what is no release, before anything is asked', async ({ place }) => {
    const slotted = await startSlot(place);
    const missing = await slotted.daemon.herd('deploy', 'web', 'v1.2');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('herd do deploy SERVICE');
    const both = await slotted.daemon.herd(
      'deploy',
      'web',
      'x.rel',
      '--no-confirm',
      '--confirm',
      '1m',
    );
    expect(both.code).toBe(2);
  });

  it('is taken back where its operation is called off', async ({ place }) => {
    const slotted = await startSlot(place, 'healthySeconds: 20, stop: { graceSeconds: 1 }');
    const file = await releaseOf(slotted, 'one');
    const running = slotted.daemon.begin('deploy', 'web', file);
    await untilPhase(slotted.daemon, 'health-gate');
    const { stdout } = await slotted.daemon.herd('op', 'ls', '--json');
    const { operations } = JSON.parse(stdout) as {
      readonly operations: readonly { readonly operation: string }[];
    };
    const cancelled = await slotted.daemon.herd('op', 'cancel', operations[0]?.operation ?? '');
    expect(cancelled.code).toBe(0);
    const { code, stderr } = await running.ended;
    expect(code).toBe(7);
    expect(stderr).toContain('was rolled back: it was called off; stopped as before.');
    expect(await answerOf(slotted)).toBeUndefined();
  });

  it('ends at Ctrl-C in the middle of an upload, and what came is kept', async ({ place }) => {
    const slotted = await startSlot(place);
    const big = crypto.randomBytes(64 * 1_048_576);
    const running = slotted.daemon.begin(
      'deploy',
      'web',
      await releaseOf(slotted, 'one', { files: { big } }),
    );
    await eventually('some of it is there', () => partialBytesIn(slotted.folder) > 1_048_576);
    running.process.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /^herd: interrupted; what came is kept .* the same command goes on with it\n$/,
    );
    expect(partialBytesIn(slotted.folder)).toBeGreaterThan(1_048_576);
    expect(await listed(slotted)).toBe('No releases yet.\n');
  });

  it('of a file that is damaged is refused, with what says where', async ({ place }) => {
    const slotted = await startSlot(place);
    const file = await releaseOf(slotted, 'one');
    const bytes = fs.readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3);
    fs.writeFileSync(file, bytes);
    const refused = await slotted.daemon.herd('deploy', 'web', file);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /have another digest\nThe file is damaged: 'herd release show .*' says where\.\n$/,
      ),
    ]);
    const shown = await slotted.daemon.herd('release', 'show', file);
    expect(shown.stderr).toContain('is not what its digest says');
    expect(await listed(slotted)).toBe('No releases yet.\n');
  });

  it('works with a ref to the slot alone, over the network', async ({ place }) => {
    const listen = "{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }";
    const slotted = await startSlot(place, undefined, listen);
    const file = `${place.folder}/web.ref`;
    expect((await slotted.daemon.herd('ref', 'mint', 'web', '--out', file)).code).toBe(0);
    const anna = person(place, 'anna');
    expect((await anna.herd('ref', 'add', 'web', '--from', file)).code).toBe(0);
    const { code, stderr } = await anna.herd('deploy', '@web', await releaseOf(slotted, 'one'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await answerOf(slotted)).toBe('one');
  });

  it('is refused by what is no slot', async ({ place }) => {
    const slotted = await startSlot(place);
    const plain = await place.shepherd('b', configOf('B', `service({ provision: ['web'] })`));
    const { code, stderr } = await plain.herd('deploy', 'web', await releaseOf(slotted, 'one'));
    expect(code).toBe(1);
    expect(stderr).toContain("service 'web' is no slot: it takes no releases");
  });
});

// By itself: so many files are work for the disk, and the others watch the clock.
describe('herd rollback', () => {
  it('calls off what somebody else stages meanwhile, goes back, and says so', async ({ place }) => {
    const slotted = await startSlot(place);
    await deployed(slotted, 'one');
    await deployed(slotted, 'bad');
    const names = Array.from({ length: 2_500 }, (_none, at) => `many/${at}`);
    const files = Object.fromEntries(names.map((name) => [name, 'same']));
    const staged = slotted.daemon.begin('stage', 'web', await releaseOf(slotted, 'big', { files }));
    await untilPhase(slotted.daemon, 'verified');
    const { code, stdout } = await slotted.daemon.herd('rollback', 'web');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Service web: back at web one \(rel:sha256-\w+\)\.$/m);
    expect(await answerOf(slotted)).toBe('one');
    const { code: stageCode, stderr } = await staged.ended;
    expect({ stageCode, stderr }).toEqual({
      stageCode: 4,
      stderr: expect.stringContaining('it was called off by a rollback; web bad'),
    });
    expect(await listed(slotted)).not.toContain('big');
  });
});
