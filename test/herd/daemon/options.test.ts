/** The command line of `shepherd`, as whoever knows that of GNU Shepherd types it. */
import { describe, expect, it } from 'vitest';
import { readOptions, type DaemonOptions } from '../../../packages/herd/src/daemon/options.ts';
import { defaultPlaces } from '../../../packages/herd/src/places/paths.ts';

const places = defaultPlaces({ uid: 0, env: {}, isOwnFolder: () => false });
const read = (...words: string[]) => readOptions(words, places, '1.2.3');
const options = (...words: string[]): DaemonOptions => {
  const asked = read(...words);
  if (asked.kind !== 'run') throw new Error(asked.text);
  return asked.options;
};

describe('an option of GNU Shepherd', () => {
  it('is taken by each of its names', () => {
    expect(options().isSilent).toBe(false);
    for (const word of ['-S', '--silent', '--quiet']) expect(options(word).isSilent).toBe(true);
    expect(read('--usage')).toEqual(read('--help'));
    expect(options('-l', '/l', '--pid', '/p')).toMatchObject({ logFile: '/l', pidFile: '/p' });
  });
  it('may be abbreviated where one alone is meant', () => {
    expect(options('--conf', '/x.ts').config).toBe('/x.ts');
    expect(options('--conf=/x=y.ts', '--q')).toMatchObject({ config: '/x=y.ts', isSilent: true });
    expect(options('--logs=/a', '--logf=/b')).toMatchObject({ logs: '/a', logFile: '/b' });
    expect(() => read('--log=/a')).toThrow("Option '--log' is ambiguous: --logs, --logfile");
    expect(read('--help', '--')).toEqual(read('--help'));
    expect(() => read('constructor')).toThrow('constructor');
    expect(() => read('--nope=1')).toThrow("Unknown option '--nope'");
    expect(() => read('--nope')).toThrow("Unknown option '--nope'");
    expect(() => read('--silent=1')).toThrow('--silent');
  });
  it.each(['--syslog', '--sys', '--syslog=/dev/log', '--insecure', '-I', '--ins'])(
    'that there is not is refused with the reason: %s',
    (word) => {
      expect(() => read('-S', word)).toThrow(/^There is no (--syslog|--insecure|-I): the .+\nTry/);
    },
  );
  it('that may have a file means without one that its content is printed', () => {
    for (const words of [['--pid'], ['--pid', '-S'], ['--pi', '--state=/s'], ['-S', '--pid=']])
      expect(options(...words).pidFile).toBe('');
    for (const words of [['--pid=/p'], ['--pid', '/p'], ['--pi', '/p', '-S']])
      expect(options(...words).pidFile).toBe('/p');
    expect(options('-S').pidFile).toBeUndefined();
    expect(() => read('--state')).toThrow("'--state <value>' argument missing");
  });
});
