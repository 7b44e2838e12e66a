/** A system log that a real shepherd runs. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../support/keepers.ts';
import { configOf, eventually, makePlace, type Place } from '../support/programs.ts';
import { pidOf } from '../support/shown.ts';
import { isWithoutPerl, linesOf, sendUnix, whyNoPerl } from '../support/system-logs.ts';

describe.skipIf(isWithoutKeeper || isWithoutPerl)(
  `a system log under a shepherd${whyNoKeeper}${whyNoPerl}`,
  () => {
    let place: Place;
    const socket = () => path.join(place.folder, 'dev-log');
    const file = () => path.join(place.folder, 'mail');
    const start = (...options: readonly string[]) =>
      place.shepherd(
        'a',
        configOf(
          'A',
          `systemLog({ sources: [${JSON.stringify(socket())}],
            rules: [{ to: 'log' }, { facility: 'mail', to: ${JSON.stringify(file())} }] })`,
        ),
        { options },
      );
    const mails = () => linesOf(file()).map((line) => line.replace(/^localhost /, ''));

    beforeEach(() => {
      place = makePlace();
    });
    afterEach(() => place.clean());

    it('goes on while the shepherd does not, and is the same one for the next', async () => {
      let daemon = await start();
      await eventually('it runs', async () => (await pidOf(daemon, 'syslogd')) > 0);
      const before = await pidOf(daemon, 'system-log');
      sendUnix(socket(), '<22>one', '<14>not for the mail');
      await daemon.kill('SIGKILL');
      sendUnix(socket(), '<22>two');
      daemon = await place.again(daemon);
      sendUnix(socket(), '<22>three\nforged');
      await eventually('three', () => mails().length === 3);
      expect(mails()).toEqual(['one', 'two', 'three\\nforged']);
      expect(await pidOf(daemon, 'system-log')).toBe(before);
      const { stdout } = await daemon.herd('log', 'system-log');
      expect(stdout).toMatch(/listens to .*not for the mail.*two.*three\\nforged/s);
      await daemon.herd('rotate', 'system-log');
      await eventually('an old one', () => fs.existsSync(`${file()}.1`));
      expect((await daemon.herd('stop', 'system-log')).code).toBe(0);
      expect(fs.existsSync(socket())).toBe(false);
      expect(fs.readdirSync(path.join(daemon.folder, 'starts'))).toEqual([]);
    });

    it('has a start that fails where somebody else listens, with the reason in its log', async () => {
      fs.writeFileSync(socket(), '');
      const daemon = await start('--keeper=none');
      const { code } = await daemon.herd('start', 'system-log');
      expect(code).not.toBe(0);
      const { stdout } = await daemon.herd('log', 'system-log');
      expect(stdout).toContain(`cannot listen to ${socket()}: what is there is no socket`);
      fs.rmSync(socket());
      expect((await daemon.herd('enable', 'system-log')).code).toBe(0);
      expect((await daemon.herd('start', 'system-log')).code).toBe(0);
      sendUnix(socket(), '<22>one');
      await eventually('one', () => mails().length === 1);
    });
  },
);
