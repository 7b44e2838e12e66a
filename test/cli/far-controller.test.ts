/** A controller whose member is the fleet of another controller: what waits for a machine waits there, and is told here. */
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { configOf, eventually, freePort, type Daemon, type Place } from '../support/programs.ts';
import { processesOf } from '../support/shown.ts';
import { handOver, machineConfig, writeServer } from '../support/web-fleet.ts';

const servers = (place: Place): number => processesOf(place, 'web.cjs').length;
const operationIn = (stderr: string): string => /Queued as (op-\w+)/.exec(stderr)?.[1] ?? '';
const shown = async (daemon: Daemon, operation: string): Promise<string> =>
  (await daemon.herd('op', 'show', operation)).stdout;
const lastOf = async (daemon: Daemon): Promise<string> => (await daemon.herd('op', 'ls')).stdout;

/** Machines A and B, their controller D, and C above that; B is down, and C was asked for a start that waits. */
const queued = async (place: Place) => {
  const machines = ['a', 'b'].map(async (name) => {
    writeServer(place, name);
    return place.shepherd(name, machineConfig(name.toUpperCase(), await freePort()));
  });
  const controllers = [
    place.shepherd(
      'd',
      configOf(
        'D',
        `exported({ provision: ['web-a'], from: ref('a-web'), node: 'A' }),
         exported({ provision: ['web-b'], from: ref('b-web'), node: 'B' }),
         fleet({ provision: ['webs'], members: ['web-a', 'web-b'] })`,
        `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`,
      ),
    ),
    place.shepherd(
      'c',
      configOf('C', `exported({ provision: ['far-webs'], from: ref('d-webs'), node: 'D' })`),
    ),
  ];
  const [a, b, d, c] = await Promise.all([...machines, ...controllers]);
  if (a === undefined || b === undefined || d === undefined || c === undefined)
    throw new Error('four are there');
  await handOver(place, a, 'web-server', d, 'a-web');
  await handOver(place, b, 'web-server', d, 'b-web');
  await handOver(place, d, 'webs', c, 'd-webs');
  await b.kill('SIGKILL');
  const asked = await c.herd('start', 'far-webs', '--when-online', '1h');
  expect(asked.code).toBe(4);
  expect(asked.stdout).toMatch(/far-webs\/web-a +changed/);
  expect(asked.stdout).toMatch(/far-webs\/web-b +unreachable +.*queued until/);
  const operation = operationIn(asked.stderr);
  expect(await shown(c, operation)).toMatch(/^ {2}queued for /m);
  expect(await lastOf(d)).toMatch(/start webs .* queued\n$/);
  expect(servers(place)).toBe(1);
  return { b, c, d, operation };
};

describe('a start that waits at another controller', together, () => {
  it('is done once the machine is back, and told, though both controllers were killed', async ({
    place,
  }) => {
    const { b, c: near, d: far, operation } = await queued(place);
    await Promise.all([near.kill('SIGKILL'), far.kill('SIGKILL')]);
    const [c, d] = await Promise.all([place.again(near), place.again(far)]);
    expect(await shown(c, operation)).toMatch(/far-webs +queued +/);
    await place.again(b);
    await eventually('its server runs', () => servers(place) === 2);
    await eventually('it is over there', async () => / changed\n$/.test(await lastOf(d)));
    await eventually('it is over here', async () => / changed\n$/.test(await lastOf(c)));
    expect(await shown(c, operation)).toMatch(/far-webs +changed/);
    const watched = await c.herd('op', 'watch', operation);
    expect([watched.code, watched.stdout]).toEqual([0, watched.stdout]);
    expect(watched.stdout).toMatch(/far-webs\/web-b +changed/);
  });

  it('is called off there where it is called off here', async ({ place }) => {
    const { b, c, d, operation } = await queued(place);
    expect((await c.herd('op', 'cancel', operation)).code).toBe(0);
    await eventually('it is told', async () =>
      /far-webs +cancelled/.test(await shown(c, operation)),
    );
    expect(await lastOf(d)).toMatch(/ cancelled\n$/);
    await place.again(b);
    await eventually('it is seen', async () =>
      /web-b +stopped/.test((await d.herd('status', 'webs')).stdout),
    );
    expect(servers(place)).toBe(1);
  });
});
