/** kill -9 of each process in turn, in the middle of a stop; of a controller in that of a question: story-3.test.ts. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { configOf, type Daemon, eventually, isAlive, type Place } from '../support/programs.ts';
import { pidOf, processesOf, type ShownStatus, statusOf } from '../support/shown.ts';
import { writeServer } from '../support/web-fleet.ts';

/** Ends on SIGTERM once there is a file `leave`, and says that it was asked by a file `asked`. */
const hesitant = `const [port, name] = process.argv.slice(2);
const fs = require('node:fs');
require('node:http').createServer((_request, response) => response.end(name)).listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => {
  fs.writeFileSync('asked', '');
  setInterval(() => fs.existsSync('leave') && process.exit(0), 20);
});
fs.writeFileSync('listens', '');
`;
const isAsked = (place: Place, machine: string): boolean =>
  fs.existsSync(path.join(place.folder, machine, 'asked'));
const letLeave = (place: Place, machine: string): void =>
  fs.writeFileSync(path.join(place.folder, machine, 'leave'), '');

describe('in the middle of a stop', together, () => {
  const service = `service({ provision: ['web'], requirement: [], respawn: true, stop: { graceSeconds: 60 },
    start: exec(['node', 'web.cjs', '0', 'x']) })`;
  const stopping = async (place: Place) => {
    writeServer(place, 'a', hesitant);
    const daemon = await place.shepherd('a', configOf('A', service));
    await daemon.herd('start', 'web');
    const pid = await pidOf(daemon, 'web');
    // By itself: until then Node has a handler of its own, which ends the process.
    await eventually('it listens for signals', () =>
      fs.existsSync(path.join(place.folder, 'a', 'listens')),
    );
    const herd = daemon.begin('stop', 'web');
    await eventually('it was asked to stop', () => isAsked(place, 'a'));
    return { daemon, pid, herd };
  };

  it('herd is killed: the stop goes on', async ({ place }) => {
    const { daemon, pid, herd } = await stopping(place);
    herd.process.kill('SIGKILL');
    await herd.ended;
    expect(await statusOf(daemon, 'web')).toMatchObject({ stage: 'stopping' });
    letLeave(place, 'a');
    await eventually(
      'it has stopped',
      async () => (await statusOf(daemon, 'web')).stage === 'stopped',
    );
    expect(isAlive(pid)).toBe(false);
  });

  it('the shepherd is killed: the next one knows that it was to stop, and starts nothing', async ({
    place,
  }) => {
    const { daemon, pid, herd } = await stopping(place);
    await daemon.kill('SIGKILL');
    expect((await herd.ended).code).toBe(4);
    const next = await place.again(daemon);
    expect(await statusOf(next, 'web')).toMatchObject({ stage: 'stopping', pid });
    letLeave(place, 'a');
    await eventually(
      'it has stopped',
      async () => (await statusOf(next, 'web')).stage === 'stopped',
    );
    expect(processesOf(place, 'web.cjs')).toEqual([]);
  });
});

describe('after kill -9 of the shepherd', together, () => {
  it('it is known from what a service was started, stopped and disabled', async ({ place }) => {
    const service = `service({ provision: ['web'], requirement: [], start: exec(['sleep', '600']) })`;
    let daemon = await place.shepherd('a', configOf('A', service));
    const killed = async (): Promise<ShownStatus> => {
      await daemon.kill('SIGKILL');
      daemon = await place.again(daemon);
      return statusOf(daemon, 'web');
    };
    const started = await statusAfter(daemon, 'start');
    expect(started.startedBy).toMatchObject({ kind: 'command', action: 'start', service: 'web' });
    const { startedBy: adopted } = await killed();
    expect(adopted).toEqual({ ...started.startedBy, adoptedMs: expect.any(Number) as unknown });
    const { stdout } = await daemon.herd('why', 'web');
    expect(stdout).toContain(`(${started.startedBy?.operation})`);
    expect(stdout).toContain('The shepherd has taken it over');
    const { stoppedBecause } = await statusAfter(daemon, 'stop');
    const { disabledBy } = await statusAfter(daemon, 'disable');
    expect([stoppedBecause, disabledBy]).toMatchObject([{ action: 'stop' }, { action: 'disable' }]);
    expect(await killed()).toMatchObject({ stage: 'stopped', stoppedBecause, disabledBy });
  });
});
const statusAfter = async (daemon: Daemon, action: string): Promise<ShownStatus> => {
  expect((await daemon.herd(action, 'web')).code, action).toBe(0);
  return statusOf(daemon, 'web');
};
