/** The example of a user's own shepherd. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginExample, cleanExample, leftoversOf } from '../support/examples.ts';
import { makePlace, type Place } from '../support/programs.ts';

describe('the example user-daemon', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => cleanExample(place));

  it('keeps an editor in the background, and says of it what GNU Shepherd says', async () => {
    const { code, stdout, stderr } = await beginExample(place, 'user-daemon').ended;
    expect([code, stderr]).toEqual([0, '']);
    // What each command printed, by the line that was typed.
    const said = [...stdout.matchAll(/^\$ herd (.*?) +# on ME\n((?:(?!\$ |\n[A-Z]).*\n)*)/gm)];
    expect(said.map(([, typed]) => typed)).toEqual([
      'status',
      'status emacs',
      'stop emacs',
      'status emacs',
      'start emacs',
      'status emacs',
      'restart emacs',
      'status emacs',
      'stop root',
    ]);
    expect(stdout).toContain('# on ME\nStarted:\n + emacs\n + root\n');
    const pids = [...stdout.matchAll(/Main PID: (\d+)/g)].map(([, pid]) => pid);
    expect(new Set(pids).size).toBe(3);
    expect(stdout).toContain('$ herd stop emacs          # on ME\n$ herd status emacs ');
    for (const word of ['start', 'restart'])
      expect(stdout).toContain(
        `$ herd ${word} emacs          # on ME\nService emacs has been started.\n$ herd status emacs `,
      );
    expect(stdout).toContain('\n  Process exited with code 15.\n');
    expect(leftoversOf(place)).toEqual([]);
  });
});
