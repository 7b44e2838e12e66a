/** No command of a configuration is forgotten, wherever it stands. */
import { describe, expect, it } from 'vitest';
import { userLines } from '../../../packages/herd/src/cli/commands/described-users.ts';
import { commandsIn, withCommands } from '../../../packages/herd/src/config/every-command.ts';
import { taken } from './check.ts';

/** Its first word says where it stands. */
const exec = (word: string) => `exec(['${word}'], { cwd: 'deep', user: 'www' })`;
const look = (word: string) => `{ look: { documentation: 'd', run: ${exec(word)} } }`;
const { services } = taken(`defineShepherd({ services: [
  service({
    provision: ['web'], labels: { kind: 'exec' },
    start: exec(['start'], { cwd: 'deep', user: 'www', env: { kind: 'exec', argv: 'x' } }),
    ready: { exec: ${exec('ready')} }, live: { exec: ${exec('live')} },
    stop: { run: ${exec('stop')} }, onFailure: [{ run: ${exec('hook')} }], actions: ${look('act')},
  }),
  slot({ provision: ['slot'], user: 1, ready: { exec: ${exec('ready')} }, onFailure: { run: ${exec('hook')} } }),
  timer({ provision: ['nightly'], when: every(60), run: ${exec('run')}, actions: ${look('act')},
    onFailure: { run: ${exec('hook')} } }),
  logRotation({ files: [{ file: '/log/a', run: ${exec('file')} }] }),
] })`);

/** What was written down as one, by its text alone. */
const written = [...JSON.stringify(services).matchAll(/"argv":\["(\w+)"\]/g)].map(
  ([, word]) => word,
);

describe('every command', () => {
  it('is found with its keys', () => {
    const found = services.map((entry) =>
      commandsIn(entry).map(([keys, { argv }]) => `${keys.join('.')}=${argv.join('')}`),
    );
    expect(found.map((all) => all.toSorted())).toEqual([
      [
        'actions.look.run=act',
        'live.exec=live',
        'onFailure.0.run=hook',
        'ready.exec=ready',
        'start=start',
        'stop.run=stop',
      ],
      ['onFailure.0.run=hook', 'ready.exec=ready'],
      ['actions.look.run=act', 'onFailure.0.run=hook', 'run=run'],
      ['files.0.run=file'],
    ]);
    expect(found.flat()).toHaveLength(written.length);
  });
  it('runs where the configuration lies, and its labels and variables are no command', () => {
    for (const [, { cwd }] of services.flatMap((entry) => commandsIn(entry)))
      expect(cwd).toBe('/srv/deep');
    expect(services[0]).toMatchObject({
      labels: { kind: 'exec' },
      start: { env: { kind: 'exec', argv: 'x' } },
    });
  });
  it('is told by herd check with its user', () => {
    expect(services.flatMap(userLines).toSorted()).toEqual([
      'action look of nightly runs as user www',
      'action look of web runs as user www',
      'log-rotation of /log/a runs as user www',
      'nightly runs as user www',
      'slot runs as user 1',
      'the check of slot runs as user www',
      'the check of web runs as user www',
      'the live check of web runs as user www',
      'the stop of web runs as user www',
      'web runs as user www',
      'what is done when nightly fails runs as user www',
      'what is done when slot fails runs as user www',
      'what is done when web fails runs as user www',
    ]);
  });
  it('keeps what is beside it as it is, whatever it is called', () => {
    const value = JSON.parse('{"__proto__":{"kind":"exec","argv":["a"]},"b":[null,1]}') as unknown;
    const changed = withCommands(value, (one) => ({ ...one, cwd: '/' }));
    expect(JSON.stringify(changed)).toBe(
      '{"__proto__":{"kind":"exec","argv":["a"],"cwd":"/"},"b":[null,1]}',
    );
  });
});
