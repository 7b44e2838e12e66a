/** What GNU Shepherd's config-failure.sh, no-home.sh, signals.sh and logging.sh show. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, isAlive, makePlace, type Place } from '../../support/programs.ts';
import { pidOf, reportOf, suiteConfig } from '../../support/gnu-suite.ts';

const sleeper = (name: string, more = ''): string =>
  `service({ provision: ['${name}'], start: exec(['sleep', '600']), autoStart: true${more} })`;

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

describe('a shepherd', () => {
  it('one of whose services fails at its beginning has the others running, and ends them when it is stopped', async () => {
    const failing = `service({ provision: ['failing'], start: exec(['/nonexistent']), autoStart: true })`;
    const above = `service({ provision: ['above'], requirement: ['failing'], autoStart: true })`;
    const config = suiteConfig(`${sleeper('first')}, ${failing}, ${above}, ${sleeper('last')}`);
    const daemon = await place.shepherd('a', config);
    await eventually(
      'both',
      async () => (await pidOf(daemon, 'first')) > 0 && (await pidOf(daemon, 'last')) > 0,
    );
    const { stdout } = await daemon.herd('status');
    expect(stdout).toMatch(/Stopped:\n - above\n(.*\n)*Failed to start:\n ! failing\n/);
    const pid = await pidOf(daemon, 'first');
    expect((await daemon.herd('stop', 'root')).code).toBe(0);
    expect((await daemon.ended).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('whose configuration throws starts nothing, and says where', async () => {
    const config = `${suiteConfig(sleeper('first'))}throw new Error('on purpose');`;
    await expect(place.shepherd('a', config)).rejects.toThrow(/ended \((?!0\)).*on purpose/s);
  });

  it('starts where there is no home to write to', async () => {
    const env = { HOME: '/proc/nowhere', XDG_DATA_HOME: '/proc/nowhere' };
    const daemon = await place.shepherd('a', suiteConfig(sleeper('first')), { env });
    await eventually('its process', async () => (await pidOf(daemon, 'first')) > 0);
    expect(fs.existsSync(path.join(daemon.folder, 'log', 'shepherd.log'))).toBe(true);
  });

  it('stops its services and ends on SIGINT, SIGTERM and SIGHUP alike', async () => {
    const ends = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(async (signal) => {
      const stop = `, stop: { run: exec(['touch', 'stopped']) }`;
      const daemon = await place.shepherd(signal, suiteConfig(sleeper('first', stop)));
      await eventually('its process', async () => (await pidOf(daemon, 'first')) > 0);
      const pid = await pidOf(daemon, 'first');
      const { code } = await daemon.kill(signal);
      return [code, isAlive(pid), fs.existsSync(path.join(daemon.folder, 'stopped'))];
    });
    expect(await Promise.all(ends)).toEqual([0, 1, 2].map(() => [0, false, true]));
  });
});

describe('the log of a service', () => {
  it('has both of its outputs, to the byte, and herd shows what is no UTF-8 as that', async () => {
    const text = String.raw`printf 'out\n'; printf 'err\n' >&2; printf 'caf\303\251\n'; printf 'caf\351\n'; exec sleep 600`;
    const daemon = await place.shepherd(
      'a',
      suiteConfig(
        `service({ provision: ['speaks'], start: exec(['sh', '-c', ${JSON.stringify(text)}]) })`,
      ),
    );
    await daemon.herd('start', 'speaks');
    const file = path.join(daemon.folder, 'log', 'speaks.log');
    const bytes = Buffer.from('out\nerr\ncaf\u00c3\u00a9\ncaf\u00e9\n', 'latin1');
    await eventually('all of it', () => fs.readFileSync(file).length >= bytes.length);
    expect(fs.readFileSync(file)).toEqual(bytes);
    expect((await daemon.herd('log', 'speaks')).stdout).toMatch(
      /out\n.*err\n.*café\n.*caf\ufffd\n/,
    );
    expect(await reportOf(daemon, 'speaks')).toContain(`Log file: ${file}`);
    const pid = await pidOf(daemon, 'speaks');
    expect(fs.readlinkSync(`/proc/${pid}/fd/1`)).toBe(file);
    const holders = (): number =>
      fs.readdirSync(`/proc/${daemon.process.pid}/fd`).filter((fd) => {
        try {
          return fs.readlinkSync(`/proc/${daemon.process.pid}/fd/${fd}`) === file;
        } catch {
          return false; // closed meanwhile
        }
      }).length;
    await daemon.herd('stop', 'speaks');
    await eventually('nobody has it open', () => holders() === 0);
  });
});
