/** The shepherd as a system runs it: what it tells systemd, the unit, and the scripts of other inits. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, keeperProgram, whyNoKeeper } from '../support/keepers.ts';
import { bins, configOf, eventually, isAlive, makePlace, type Place } from '../support/programs.ts';

const isRoot = process.getuid?.() === 0;
const contrib = path.resolve(import.meta.dirname, '../../packages/herd/contrib');
const fileOf = (name: string) => path.join(contrib, name);
const textOf = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Takes datagrams at a path and prints them, and whose they are; what comes along it closes, as systemd does. */
const receiver = `#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int count, char **words) {
  struct sockaddr_un here = {.sun_family = AF_UNIX};
  strncpy(here.sun_path, words[count - 1], sizeof here.sun_path - 1);
  int end = socket(AF_UNIX, SOCK_DGRAM, 0);
  int on = 1;
  if (setsockopt(end, SOL_SOCKET, SO_PASSCRED, &on, sizeof on)) return 1;
  if (bind(end, (struct sockaddr *)&here, sizeof here)) return 1;
  for (;;) {
    char text[4096], control[256];
    struct iovec into = {text, sizeof text};
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(end, &message, 0);
    if (length < 0) return 1;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
      if (each->cmsg_type == SCM_RIGHTS) close(*(int *)CMSG_DATA(each));
      else if (text[0] != 'B') printf("from %d\\n", ((struct ucred *)CMSG_DATA(each))->pid);
    }
    printf("%.*s\\n", (int)length, text);
    fflush(stdout);
  }
}
`;

describe('the shepherd as a system runs it', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  /** Where a receiver listens, and what it has heard. */
  const listening = async () => {
    const [program, socket] = [path.join(place.folder, 'receiver'), path.join(place.folder, 'n')];
    fs.writeFileSync(`${program}.c`, receiver);
    expect(spawnSync('cc', ['-o', program, `${program}.c`]).status).toBe(0);
    const begun = place.begin(program, [socket]);
    place.atEnd(() => begun.process.kill('SIGKILL'));
    await eventually('it listens', () => fs.existsSync(socket));
    return { socket, heard: () => begun.stdout().split('\n') };
  };

  it.skipIf(isWithoutKeeper)(
    `tells whoever waits for it once it is ready, and that it stops${whyNoKeeper}`,
    async () => {
      const { socket, heard } = await listening();
      const config = configOf(
        'a',
        `service({ provision: ['web'], start: exec(['env']), oneShot: true })`,
      );
      const daemon = await place.shepherd('a', config, { env: { NOTIFY_SOCKET: socket } });
      await eventually('it is told', () => heard().includes('READY=1'));
      expect(heard()).toContain(`MAINPID=${daemon.process.pid}`);
      if (isRoot) expect(heard()).toContain(`from ${daemon.process.pid}`);
      await daemon.herd('start', 'web');
      expect(textOf(path.join(daemon.folder, 'log/web.log'))).not.toContain('NOTIFY_SOCKET');
      await daemon.kill('SIGTERM');
      await eventually('its end is told', () => heard().includes('STOPPING=1'));
    },
  );

  it.skipIf(isWithoutKeeper)(
    `is told of by a messenger that goes once it was read${whyNoKeeper}`,
    async () => {
      const { socket, heard } = await listening();
      const how = { env: { NOTIFY_SOCKET: socket } };
      expect((await place.run(keeperProgram, ['notify', 'READY=1', 'A=b'], how)).code).toBe(0);
      await eventually('all of it is heard', () => heard().includes('BARRIER=1'));
      const speaker = isRoot ? `from ${process.pid}` : expect.stringMatching(/^from \d+$/);
      expect(heard()).toEqual([speaker, 'READY=1', 'A=b', '', 'BARRIER=1', '']);
      const fits = 'x'.repeat(1_022);
      expect((await place.run(keeperProgram, ['notify', fits], how)).code).toBe(0);
      expect((await place.run(keeperProgram, ['notify', `${fits}x`], how)).code).toBe(64);
      const nowhere = { env: { NOTIFY_SOCKET: 'relative' } };
      expect((await place.run(keeperProgram, ['notify', 'READY=1'], nowhere)).code).toBe(64);
    },
  );

  it.skipIf(!has('systemd-analyze'))(
    'has a unit in which systemd finds nothing wrong',
    async () => {
      const unit = path.join(place.folder, 'shepherd.service');
      const text = textOf(fileOf('systemd/shepherd.service'));
      // Its programs are not installed here.
      fs.writeFileSync(unit, text.replaceAll(/\/usr\/local\/bin\/\w+/g, '/bin/true'));
      const { code, stderr } = await place.run('systemd-analyze', ['verify', unit]);
      expect([code, stderr]).toEqual([0, '']);
      expect(text).toMatch(/^KillMode=process$/m);
      expect(text).toMatch(/^NotifyAccess=main$/m);
    },
  );

  it('has a script for OpenRC that sh can read', async () => {
    expect((await place.run('sh', ['-n', fileOf('openrc/shepherd')])).code).toBe(0);
  });

  it('is started, replaced under its services, and stopped by a plain script', async () => {
    const state = path.join(place.folder, 'a');
    fs.mkdirSync(state, { mode: 0o700 });
    const service = `service({ provision: ['web'], start: exec(['sleep', '1000']), autoStart: true })`;
    fs.writeFileSync(path.join(state, 'shepherd.config.ts'), configOf('a', service), {
      mode: 0o600,
    });
    const defaults = path.join(place.folder, 'defaults');
    const pidFile = path.join(place.folder, 'pid');
    fs.writeFileSync(
      defaults,
      `SHEPHERD=${bins.shepherd}\nHERD=${bins.herd}\nSOCKET=${state}/run/socket\nPIDFILE=${pidFile}
OPTIONS='--state=${state} --config=${state}/shepherd.config.ts'\n`,
    );
    const script = (word: string) =>
      place.run('sh', [fileOf('rc/shepherd'), word], { env: { DEFAULTS: defaults } });
    const webPid = async () =>
      Number(
        /"pid":\s*(\d+)/.exec(
          (await place.herd(['-s', `${state}/run/socket`, 'status', 'web', '--json'])).stdout,
        )?.[1],
      );
    expect((await script('status')).code).toBe(3);
    expect((await script('start')).code).toBe(0);
    place.atEnd(() => script('stop'));
    await eventually('web runs', async () => (await webPid()) > 0);
    const [daemon, web] = [Number(textOf(pidFile)), await webPid()];
    expect((await script('upgrade')).code).toBe(0);
    expect(Number(textOf(pidFile))).not.toBe(daemon);
    expect(await webPid()).toBe(web);
    expect((await script('status')).stdout).toContain('web');
    expect((await script('stop')).code).toBe(0);
    expect(isAlive(web)).toBe(false);
    expect((await script('nonsense')).code).toBe(2);
  });
});
