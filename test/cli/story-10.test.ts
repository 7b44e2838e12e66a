/** Who did it: the audit answers, one changed byte is found, and no secret is in anything that is kept or told. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import type { Daemon, Ended, Place } from '../support/programs.ts';
import { secretsIn, SecretSearch } from '../support/secrets.ts';

/** All refs that there are: in files that were given away, in stores, beside sockets. */
const refsIn = (place: Place, ...daemons: readonly Daemon[]): readonly string[] => [
  ...filesUnder(place.folder)
    .filter((file) => /\.ref$|\/refs\//.test(file))
    .map((file) => fs.readFileSync(file, 'utf8')),
  ...daemons.map(({ socket }) =>
    fs.readFileSync(path.join(path.dirname(socket), 'admin.ref'), 'utf8'),
  ),
];
const filesUnder = (folder: string): readonly string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

describe('who restarted the web server', together, () => {
  it('is answered at each machine by its own audit, and the answer cannot be changed', async ({
    place,
    fleet: { a, c },
  }) => {
    const told: Ended[] = [];
    const herd = async (daemon: Daemon, ...words: readonly string[]): Promise<Ended> => {
      const ended = await daemon.herd(...words);
      told.push(ended);
      return ended;
    };
    expect(await herd(c, 'start', 'web-server-fleet')).toMatchObject({ code: 0 });
    // Alice has a ref of her own to the web server of A, and no other way to it.
    await herd(a, 'ref', 'mint', 'web-server', '--out', 'alice.ref');
    const alice = { env: { XDG_DATA_HOME: path.join(place.folder, 'alice') } };
    await place.herd(['ref', 'add', 'web', '--from', path.join(place.folder, 'alice.ref')], alice);
    told.push(await place.herd(['restart', '@web'], alice));
    expect(told.at(-1)).toMatchObject({ code: 0 });
    told.push(await place.herd(['restart', '@web', 'with', 'words'], alice));

    // At A: the fleet's reference started it, and another one, minted after it, restarted it.
    const { stdout } = await herd(a, 'audit', 'web-server');
    const [ofFleet, byFleet, ofAlice, byAlice] = stdout.trimEnd().split('\n');
    const refIn = (line = ''): string => /(m-[0-9a-f]{12})\b/.exec(line)?.[1] ?? '';
    expect(ofFleet).toMatch(/ref mint web-server m-[0-9a-f]{12} +by local root$/);
    expect(byFleet).toMatch(/start web-server +changed +by ref m-[0-9a-f]{12}$/);
    expect(refIn(byFleet)).toBe(refIn(ofFleet));
    expect(byAlice).toMatch(/restart web-server +changed +by ref m-[0-9a-f]{12}$/);
    expect(refIn(byAlice)).toBe(refIn(ofAlice));
    expect(refIn(ofAlice)).not.toBe(refIn(ofFleet));
    // At C: the owner asked for the fleet.
    expect((await herd(c, 'audit', 'web-server-fleet')).stdout).toMatch(
      /start web-server-fleet +changed +by local root\n$/,
    );

    const search = new SecretSearch(refsIn(place, a, c).flatMap(secretsIn));
    expect(search.secretCount).toBeGreaterThanOrEqual(5);
    await a.kill('SIGKILL');
    const verified = await place.herd(['audit', 'verify', a.folder]);
    told.push(verified);
    expect(verified).toMatchObject({ code: 0 });
    const [file = ''] = filesUnder(path.join(a.folder, 'audit'));
    const content = fs.readFileSync(file);
    const at = content.indexOf('"restart"');
    content[at + 3] = (content[at + 3] ?? 0) ^ 1;
    fs.writeFileSync(file, content);
    const changed = await place.herd(['audit', 'verify', a.folder]);
    told.push(changed);
    expect(changed.code).toBe(1);
    const { number } = /then record (?<number>\d+) does not fit: it was changed/.exec(
      changed.stdout,
    )?.groups ?? { number: '' };
    const lines = content.toString('latin1').split('\n');
    expect(lines[Number(number) - 1]).toContain('"rertart"');

    // No secret in any output, log, history, record or audit: in nothing but the refs themselves.
    told.push(await c.herd('log'), await c.herd('ref', 'ls'), await c.herd('--json', 'audit'));
    const kept = filesUnder(place.folder).filter((each) => !/\.ref$|\/refs\//.test(each));
    expect(kept.some((each) => each.includes('/audit/'))).toBe(true);
    const all = Buffer.concat([
      ...kept.map((each) => fs.readFileSync(each)),
      ...told.map(({ stdout, stderr }) => Buffer.from(stdout + stderr)),
    ]);
    expect(search.in(all)).toEqual([]);
  });
});
