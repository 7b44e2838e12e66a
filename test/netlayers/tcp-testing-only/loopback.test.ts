/** The one promise of this transport: nothing of it leaves the machine. */
import { testingNetlayer } from '@bellwether/netlayer-tcp-testing-only';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loopbackHost, portOf } from '../../../netlayers/tcp-testing-only/src/loopback.ts';
import { testingRig } from '../../support/netlayer-real-rigs.ts';
import {
  connected,
  dialled,
  listening,
  refusedToDial,
  refusedToListen,
  type Rig,
} from '../../support/netlayer-rig.ts';

let rig: Rig;
beforeEach(async () => void (rig = await testingRig()));
afterEach(() => rig.end());

const away = ['0.0.0.0', '::', '', '192.0.2.1', '128.0.0.1', '::ffff:127.0.0.1', 'example.org'];
const disguised = ['127.1', '0x7f000001', '2130706433', '127.0.0.1.example.org', '::1%lo', ' ::1'];

describe('tcp-testing-only', () => {
  test.each([...away, ...disguised])('does not listen on %j', async (host) => {
    const peer = testingNetlayer({ designator: 'x', host });
    const failure = await refusedToListen(rig, peer);
    expect(failure).toMatchObject({ code: 'bad-place' });
    expect(failure.message).toContain('stays on the loopback');
  });

  test.each([...away, ...disguised])('does not dial %j', async (host) => {
    const location = {
      transport: 'tcp-testing-only',
      designator: 'x',
      hints: { host, port: '22045' },
    };
    expect(await refusedToDial(rig, rig.peer(), location)).toMatchObject({ code: 'bad-place' });
  });

  test.each([undefined, '', '0', '-1', '65536', '1e3', '022'])(
    'does not dial port %j',
    async (port) => {
      const hints = port === undefined ? { host: '127.0.0.1' } : { host: '127.0.0.1', port };
      const location = { transport: 'tcp-testing-only', designator: 'x', hints };
      expect(await refusedToDial(rig, rig.peer(), location)).toMatchObject({ code: 'bad-place' });
    },
  );

  test('takes the loopback by its name, which is not looked up, and any address of its network', () => {
    const hosts = ['localhost', '127.0.0.1', '127.8.9.10', '::1'];
    expect(hosts.map(loopbackHost)).toEqual(['127.0.0.1', '127.0.0.1', '127.8.9.10', '::1']);
    expect(['1', '65535'].map(portOf)).toEqual([1, 65_535]);
  });

  test('names this machine, so that by itself no router goes there because a peer says so', () => {
    expect(rig.peer().facts.namesThisMachine).toBe(true);
  });

  test('proves nobody, and believes whoever claims to be somebody', async () => {
    const { near, far } = await connected(rig);
    expect([near.connection.proved, far.connection.proved]).toEqual([undefined, undefined]);
    expect(rig.peer().facts.believesClaims).toBe(true);
  });

  test('closes the one connection too many unheard, and takes another when one has gone', async () => {
    const few = testingNetlayer({ designator: 'few', connectionCount: 2 });
    const { at, ears } = await listening(rig, few);
    const dialler = rig.peer();
    const first = await dialled(rig, dialler, at);
    await dialled(rig, dialler, at);
    await rig.until('two', () => ears.all.length === 2);
    const third = await dialled(rig, dialler, at);
    await rig.until('closed', () => third.closedCount === 1);
    expect(ears.all.length).toBe(2);
    first.hangUp();
    await rig.until('gone', () => ears.all[0]?.closedCount === 1);
    await rig.quiet();
    await dialled(rig, dialler, at);
    await rig.until('a third', () => ears.all.length === 3);
    await new Promise<void>((done) => few.close(done));
  });
});
