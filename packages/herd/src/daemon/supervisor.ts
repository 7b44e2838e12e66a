/**
 * What a daemon says to whoever supervises it, where that waits for words: systemd with `Type=notify`, see
 * sd_notify(3). Node has no sockets of that kind, so a messenger says it: the keeper, or systemd-notify where there is
 * none.
 */
import { spawn } from 'node:child_process';
import type { Log } from '@bellwether/actors';

/** What it takes. */
export interface SupervisorPowers {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The program of the keeper, which may not be there. */
  readonly keeper: string;
  readonly log: Log;
}

/** Says words as `READY=1`, and does not wait: nothing depends on whether they arrive. */
export const tellSupervisor = (words: readonly string[], powers: SupervisorPowers): void => {
  const { keeper, log } = powers;
  const place = powers.env['NOTIFY_SOCKET'];
  if (place === undefined || place === '') return;
  const say = (program: string, args: readonly string[], failed: (why: string) => void): void => {
    const env = { NOTIFY_SOCKET: place, PATH: powers.env['PATH'] };
    const child = spawn(program, args, { env, stdio: 'ignore' });
    child.unref();
    child.once('error', ({ message }) => failed(message));
    child.once('exit', (code) => {
      if (code !== 0) failed(`${program} ended with ${code}`);
    });
  };
  say(keeper, ['notify', ...words], () =>
    say('systemd-notify', words, (why) => log('supervisor.not-told', { words, why })),
  );
};
