/** A service of root that runs as another user, out of a release: the real programs, and real users. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { answerOf, releaseOf } from '../support/deploys.ts';
import { asUser, makePublic, noOtherUsers } from '../support/other-users.ts';
import { it } from '../support/placed.ts';
import { bins, configOf, eventually, freePort } from '../support/programs.ts';

const uid = 54_321;

/** Says who it runs as, what it reads, and what keeps it from writing there. */
const server = (port: number): string => `
  const fs = require('node:fs');
  const tried = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
  const text = [
    process.getuid(),
    fs.readFileSync('lib/words', 'utf8'),
    tried(() => fs.writeFileSync('lib/words', 'mine')),
    tried(() => fs.writeFileSync('lib/new', 'mine')),
    tried(() => fs.readFileSync('../manifest.json')),
    tried(() => fs.readdirSync('../..')),
  ].join(' ');
  require('node:http').createServer((_question, answer) => answer.end(text)).listen(${port}, '127.0.0.1');
`;

describe.skipIf(noOtherUsers() !== undefined)('a slot whose service is another user', () => {
  it('runs in its tree, and neither writes there nor sees anything else of the shepherd', async ({
    place,
  }) => {
    const folder = makePublic(place);
    const [state, config] = [path.join(folder, 'state'), path.join(folder, 'shepherd.config.ts')];
    const text = configOf('A', `slot({ provision: ['web'], healthySeconds: 0.2 })`);
    fs.writeFileSync(config, text);
    const socket = path.join(folder, 'run', 'socket');
    const words = ['--config', config, '--state', state, '--socket', socket];
    const own = ['sh', process.execPath, bins.shepherd, ...words];
    const daemon = place.begin('sh', ['-c', 'umask 077; exec "$@"', ...own]);
    place.atEnd(async () => {
      daemon.process.kill('SIGTERM');
      await daemon.ended;
    });
    await eventually('the shepherd is ready', () => daemon.stdout().includes('is ready'));
    const port = await freePort();
    const run = [...asUser(uid), 'node', 'server.js'].join(' ');
    const file = await releaseOf({ place, port }, 'one', {
      files: { 'server.js': server(port), 'lib/words': 'words' },
      run,
    });
    const { code, stderr } = await place.herd(['-s', socket, 'deploy', 'web', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await answerOf({ port })).toBe(`${uid} words EACCES EACCES EACCES EACCES`);

    // What lies in the state is closed to others, but for trees.
    const all = fs
      .readdirSync(state, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('deploy/slots/web/current'));
    const inTree = (name: string): boolean => /\/sha256-[0-9a-f]{64}\/tree(\/|$)/.test(name);
    const open = all.filter(inTree);
    expect(open).toHaveLength(4);
    const able = async (flag: string): Promise<readonly string[]> => {
      const [program = '', ...as] = asUser(uid);
      const look = `while IFS= read -r name; do [ ${flag} "$name" ] && echo "$name"; done; true`;
      const input = all.map((name) => `${state}/${name}\n`).join('');
      const seen = await place.run(program, [...as, 'sh', '-c', look], { input });
      return seen.stdout.split('\n').slice(0, -1);
    };
    expect(await able('-r')).toEqual(open.map((name) => `${state}/${name}`));
    expect(await able('-w')).toEqual([]);
  });
});
