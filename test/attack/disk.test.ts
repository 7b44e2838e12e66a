/**
 * A disk that fails under a shepherd that runs, at each write and flush below its folder: services go on, what was asked
 * for is told to be in doubt with the disk's error, and all of it goes on by itself once the disk does. The errors come
 * from a library that is loaded before libc: no mount and no device, so that any user can run this.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../support/keepers.ts';
import { configOf, eventually, makePlace, type Daemon, type Place } from '../support/programs.ts';
import { pidOf } from '../support/shown.ts';

const services = `
  service({ provision: ['web'], start: exec(['sleep', '640']), respawn: true }),
  service({ provision: ['other'], start: exec(['sleep', '641']) })`;

/** With the compiler, for there is a keeper only where there is one. */
describe.skipIf(isWithoutKeeper)(`case 23: a disk that fails${whyNoKeeper}`, () => {
  let place: Place;
  let daemon: Daemon;
  /** Holds the number of the error for as long as the disk fails. */
  let flag: string;
  beforeEach(async () => {
    place = makePlace();
    flag = path.join(place.folder, 'failing');
    const library = path.join(place.folder, 'failing.so');
    const cc = ['-shared', '-fPIC', '-O1', '-xc', '-', '-o', library, '-ldl'];
    const { status, stderr } = spawnSync('cc', cc, { input: source });
    expect([status, stderr.toString()]).toEqual([0, '']);
    const below = `FAILING_BELOW=${path.join(place.folder, 'a')}/`;
    const through = ['env', `LD_PRELOAD=${library}`, `FAILING=${flag}`, below];
    daemon = await place.shepherd('a', configOf('A', services), { through });
  });
  afterEach(() => place.clean());

  it.each([
    ['EIO', 5, 'the disk has an error (EIO)'],
    ['ENOMEM', 12, 'the disk has failed'],
    ['EROFS', 30, 'the file system is read-only (EROFS)'],
  ])(
    'with %s costs no service, says so, and nothing once it works again',
    async (_name, number, words) => {
      expect((await daemon.herd('start', 'web')).code).toBe(0);
      const before = await pidOf(daemon, 'web');
      fs.writeFileSync(flag, String(number));
      // In doubt, since it may be on the disk all the same; then it is done as soon as that can be read.
      const started = await daemon.herd('start', 'other');
      expect([started.code, started.stderr]).toEqual([4, expect.stringContaining(words)]);
      expect(() => process.kill(before, 0)).not.toThrow();
      fs.rmSync(flag);
      await eventually('it serves again', async () => (await daemon.herd('status')).code === 0);
      expect(await pidOf(daemon, 'web')).toBe(before);
      expect(daemon.process.exitCode).toBe(null);
      expect((await daemon.herd('start', 'other')).code).toBe(0);
    },
  );
});

/** Fails each write and flush of a file below FAILING_BELOW with the number in the file FAILING, while that is there. */
const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
static int failing(int file) {
  const char *below = getenv("FAILING_BELOW"), *flag = getenv("FAILING");
  char link[64], place[4096], number[16];
  if (!below || !flag) return 0;
  int opened = open(flag, O_RDONLY);
  if (opened < 0) return 0;
  ssize_t length = read(opened, number, sizeof number - 1);
  close(opened);
  if (length <= 0) return 0;
  number[length] = 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  length = readlink(link, place, sizeof place - 1);
  if (length <= 0) return 0;
  place[length] = 0;
  return strncmp(place, below, strlen(below)) ? 0 : atoi(number);
}
#define FAILS(type, name, takes, gives) \\
  type name takes { \\
    static type(*real) takes; \\
    if (!real) real = dlsym(RTLD_NEXT, #name); \\
    int error = failing(file); \\
    if (!error) return real gives; \\
    errno = error; \\
    return -1; \\
  }
FAILS(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
FAILS(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
FAILS(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
FAILS(ssize_t, pwritev64, (int file, const struct iovec *parts, int count, off64_t at), (file, parts, count, at))
FAILS(int, fdatasync, (int file), (file))
FAILS(int, fsync, (int file), (file))
`;
