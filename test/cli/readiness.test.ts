/** Services that say themselves when they are ready, and a shepherd that is killed while it waits. */
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper } from '../support/keepers.ts';
import { configOf, eventually, isAlive, makePlace, type Place } from '../support/programs.ts';
import { statusOf } from '../support/shown.ts';

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

/** Does something once there is a file `go`, and goes on for ever. */
const onGo = (act: string): string =>
  `exec(['node', '-e', \`const fs = require('fs');
    const timer = setInterval(() => {
      if (!fs.existsSync('go')) return;
      clearInterval(timer); ${act}; setInterval(() => {}, 1000);
    }, 5);\`])`;
const python = '/usr/bin/python3';
/** Said by a child of the service, as with systemd-notify. */
const saying = `require('child_process').execFileSync('${python}', ['-c', 'import os, socket; ' +
  'text = ("STATUS=up" + chr(10) + "READY=1").encode(); ' +
  'socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(text, chr(0) + os.environ["NOTIFY_SOCKET"][1:])'])`;
const isWithoutNotify = isWithoutKeeper || !fs.existsSync(python);
const sdNotify = isWithoutNotify
  ? {}
  : { sdNotify: `start: ${onGo(saying)}, ready: { sdNotify: true, timeoutSeconds: 30 }` };
const kinds = {
  ...sdNotify,
  notify: `start: ${onGo("fs.writeSync(3, '\\\\n')")}, ready: { notifyFd: 3, timeoutSeconds: 30 }`,
  log: `start: ${onGo("console.log('Listening on 80')")}, ready: { log: 'Listening on', timeoutSeconds: 30 }`,
  exec: `start: ${onGo("fs.writeFileSync('up', '')")},
         ready: { exec: exec(['test', '-e', 'up']), timeoutSeconds: 30 }`,
} as const;
const configWith = (options: string): string =>
  configOf('A', `service({ provision: ['web'], ${options} })`);

describe.each(Object.entries(kinds))('ready by %s', (_kind, options) => {
  it('is a start that ends when the sign is there, and soon', async () => {
    const daemon = await place.shepherd('A', configWith(options));
    const started = daemon.herd('start', 'web');
    await eventually('its process', async () => (await statusOf(daemon, 'web')).pid !== undefined);
    expect((await statusOf(daemon, 'web')).stage).toBe('starting');
    fs.writeFileSync(path.join(daemon.folder, 'go'), '');
    expect(await started).toMatchObject({ code: 0 });
    expect((await statusOf(daemon, 'web')).stage).toBe('running');
    expect((await daemon.herd('stop', 'web')).code).toBe(0);
    // Nothing of the start is left, and the next one is not ready by the sign of this one.
    const starts = path.join(daemon.folder, 'starts');
    expect(fs.existsSync(starts) ? fs.readdirSync(starts) : []).toEqual([]);
  });
  it('is waited for by the next shepherd where this one is killed meanwhile', async () => {
    const daemon = await place.shepherd('A', configWith(options));
    void daemon.herd('start', 'web');
    await eventually('its process', async () => (await statusOf(daemon, 'web')).pid !== undefined);
    const { pid } = await statusOf(daemon, 'web');
    await daemon.kill('SIGKILL');
    const next = await place.again(daemon);
    expect(await statusOf(next, 'web')).toMatchObject({ stage: 'starting', pid });
    fs.writeFileSync(path.join(daemon.folder, 'go'), '');
    await eventually('running', async () => (await statusOf(next, 'web')).stage === 'running');
    expect(await statusOf(next, 'web')).toMatchObject({ pid });
    expect(pid !== undefined && isAlive(pid)).toBe(true);
  });
  it('is seen by the next shepherd where it came while there was none', async () => {
    const daemon = await place.shepherd('A', configWith(options));
    void daemon.herd('start', 'web');
    await eventually('its process', async () => (await statusOf(daemon, 'web')).pid !== undefined);
    await daemon.kill('SIGKILL');
    fs.writeFileSync(path.join(daemon.folder, 'go'), '');
    await new Promise((later) => setTimeout(later, 300));
    const next = await place.again(daemon);
    await eventually(
      'running',
      async () => (await statusOf(next, 'web')).stage === 'running',
      2_000,
    );
  });
});

describe('a port that another program has', () => {
  it('is no start of a service, which says whose it may be; once it is free, it is one', async () => {
    const other = http.createServer((_request, response) => response.end('not web'));
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    const script = `require('http').createServer((_request, response) => response.end()).listen(${port}, '127.0.0.1')`;
    const options = `start: exec(['node', '-e', "${script}"]), ready: { http: 'http://127.0.0.1:${port}/' }`;
    const daemon = await place.shepherd('A', configWith(options));
    const ran = await daemon.herd('start', 'web');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`http://127.0.0.1:${port}/ had answered before it was started`);
    expect(ran.stderr).toContain(`'ss -ltnp' tells whose`);
    expect(ran.stderr).toContain('EADDRINUSE');
    expect((await statusOf(daemon, 'web')).stage).toBe('stopped');
    other.closeAllConnections();
    await new Promise((done) => other.close(done));
    expect(await daemon.herd('start', 'web')).toMatchObject({ code: 0 });
    expect((await statusOf(daemon, 'web')).stage).toBe('running');
  });
});

describe('a service that is never ready', () => {
  it.skipIf(isWithoutNotify)(
    'has not said so where that was to be heard, as herd why tells',
    async () => {
      const options = `start: exec(['sleep', '60']), ready: { sdNotify: true, timeoutSeconds: 1 }`;
      const daemon = await place.shepherd('A', configWith(options));
      const ran = await daemon.herd('start', 'web');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('it has not said READY=1 within 1 s');
      expect((await statusOf(daemon, 'web')).stage).toBe('stopped');
      expect((await daemon.herd('why', 'web')).stdout).toContain(
        'it has not said READY=1 within 1 s',
      );
    },
  );
  it('fails with the reason and its last lines, and its process is stopped', async () => {
    const options = `start: exec(['sh', '-c', 'echo here; exec sleep 60']),
      ready: { exec: exec(['no-such-check']), timeoutSeconds: 1 }, stop: { graceSeconds: 1 }`;
    const daemon = await place.shepherd('A', configWith(options));
    const ran = await daemon.herd('start', 'web');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('it was not ready within 1 s (exec: no-such-check: no such file');
    expect(ran.stderr).toContain('| here');
    expect((await statusOf(daemon, 'web')).stage).toBe('stopped');
  });
  it('has no lines of earlier starts, and says where there are none', async () => {
    const script = 'test -e said || echo of the first; touch said; exit 1';
    const options = `start: exec(['sh', '-c', '${script}']),
      ready: { exec: exec(['false']), timeoutSeconds: 30 }`;
    const daemon = await place.shepherd('A', configWith(options));
    expect((await daemon.herd('start', 'web')).stderr).toContain('| of the first');
    const again = await daemon.herd('start', 'web');
    expect(again.code).toBe(1);
    expect(again.stderr).not.toContain('of the first');
    expect(again.stderr).toContain('(nothing in its log since this start)');
  });
  it('costs the shepherd little, whatever it writes', async () => {
    const flood = (descriptor: number): string =>
      `exec(['node', '-e', \`const fs = require('fs'); const text = 'x'.repeat(65536); for (let at = 0; at < 3000; at += 1) fs.writeSync(${descriptor}, text); setInterval(() => {}, 1000)\`])`;
    const daemon = await place.shepherd(
      'A',
      configOf(
        'A',
        `service({ provision: ['fd'], start: ${flood(3)}, ready: { notifyFd: 3, timeoutSeconds: 5 } }),
         service({ provision: ['log'], start: ${flood(1)}, ready: { log: 'never', timeoutSeconds: 5 } })`,
      ),
    );
    const pid = daemon.process.pid ?? 0;
    const before = cpuMs(pid);
    const both = await Promise.all([daemon.herd('start', 'fd'), daemon.herd('start', 'log')]);
    expect(both.map(({ code }) => code)).toEqual([1, 1]);
    expect(cpuMs(pid) - before).toBeLessThan(3_000);
    const resident = Number(
      /^VmRSS:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
    );
    expect(resident).toBeLessThan(250_000);
  });
});

/** Milliseconds that a process has computed, at 100 ticks a second. */
const cpuMs = (pid: number): number => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
};
