/** The example that `npm start` runs. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginExample, cleanExample, leftoversOf, refusals } from '../support/examples.ts';
import { makePlace, type Place } from '../support/programs.ts';

describe('the example web-server-fleet', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => cleanExample(place));

  /** A run whose reader has had enough, which ends and leaves no process behind, but all that it has written. */
  const leave = async (): Promise<void> => {
    const { process: child, ended } = beginExample(place, 'web-server-fleet');
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toMatchObject({ code: 141, signal: null });
    expect(leftoversOf(place)).toEqual([]);
  };

  it(
    'starts, grants, deploys, goes back, grows and stops, exits 0 and leaves no process behind, also where one was left half way',
    { timeout: 600_000 },
    async () => {
      const example = path.join(place.folder, 'example');
      fs.mkdirSync(example, { mode: 0o700 });
      // Somebody's own, in a folder that an example may write into.
      const mine = path.join(example, 'mine.ref');
      fs.writeFileSync(mine, 'mine', { mode: 0o600 });
      await leave();
      const { code, stdout, stderr } = await beginExample(place, 'web-server-fleet').ended;
      const last = code === 0 ? '' : stdout.slice(-2_000);
      expect([code, stderr, last]).toEqual([0, '', '']);
      const lines = stdout.split('\n');
      for (const line of [
        'A: Service networking has been started.',
        'B: Service networking has been started.',
        'A: Service web-server has been started.',
        'B: Service web-server has been started.',
        'C: Service web-server-a has been started.',
        'C: Service web-server-b has been started.',
        'C: Service web-server-fleet has been started.',
      ])
        expect(lines).toContain(line);
      for (const member of ['web-server-a', 'web-server-b'])
        expect(stdout).toMatch(
          new RegExp(
            `^  ${member}  changed  running, pid \\d+; also started 1 other service$`,
            'm',
          ),
        );
      expect(lines).toContain('web-server-fleet: 2 members: 2 changed (2/2)');
      expect(stdout).toMatch(/Hello from A/);
      expect(stdout).toMatch(/Hello from B/);
      const goneBack = /^herd: error: deploy workers: rolled back: .*\n\(exit code 7\)$/gm;
      expect(stdout.match(goneBack)).toHaveLength(1);
      expect(refusals(stdout.replaceAll(goneBack, ''))).toEqual([
        expect.stringContaining("does not allow 'stop'"),
        expect.stringContaining('was revoked'),
      ]);
      expect(stdout).toMatch(/DENIED[^]*all of it fits/);
      for (const machine of ['A', 'B', 'D'])
        expect(stdout).toContain(`\nThis machine has joined C as ${machine}.\n`);
      expect(lines).toContain('workers: 2 members: 2 changed (2/2)');
      expect(stdout).toMatch(/^ {2}worker@A +rolled back .*; back at worker 1 /m);
      expect(stdout).toMatch(/^ {2}worker@B +skipped /m);
      expect(stdout).toMatch(/^herd: deploy of 1 service: worker@D$/m);
      const releases = [...stdout.matchAll(/^ {2}worker@[ABD] +running .*release (\w+)$/gm)];
      expect(releases.map(([, release]) => release)).toEqual(Array(3).fill(releases[0]?.[1]));
      expect(stdout).toContain(`  release    rel:sha256-${releases[0]?.[1]}`);
      expect(leftoversOf(place)).toEqual([]);
      expect(fs.readdirSync(place.folder)).toEqual(['example']);
      expect(fs.readFileSync(mine, 'utf8')).toBe('mine');
    },
  );
});
