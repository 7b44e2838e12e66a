/** The example is run as `npm start` runs it, without a terminal. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, makePlace, type Place } from '../support/programs.ts';

const script = path.resolve(import.meta.dirname, '../../fleet-examples/web-server-fleet/run.mjs');

describe('the example web-server-fleet', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(async () => {
    for (const pid of leftovers()) process.kill(Number(pid), 'SIGKILL');
    await place.clean();
  });
  const begin = () => {
    const folder = path.join(place.folder, 'example');
    return place.begin(process.execPath, [script], { env: { FLEET_FOLDER: folder } });
  };
  const run = () => begin().ended;
  /** Whatever still runs of it: its processes have the folder in their command line or environment. */
  const leftovers = (): readonly string[] =>
    fs
      .readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        try {
          return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(place.folder);
        } catch {
          return false; // gone meanwhile
        }
      })
      .filter((pid) => isAlive(Number(pid)));

  it('starts, proves and stops the fleet, exits 0 and leaves no process behind, twice in a row', async () => {
    for (const _run of [1, 2]) {
      const { code, stdout, stderr } = await run();
      expect([code, stderr]).toEqual([0, '']);
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
      expect(leftovers()).toEqual([]);
    }
    expect(fs.readdirSync(place.folder)).toEqual(['example']);
  });

  it('whose reader has had enough ends, and leaves no process behind', async () => {
    const { process: child, ended } = begin();
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toMatchObject({ code: 141, signal: null });
    expect(leftovers()).toEqual([]);
  });
});
