/** `herd grant`, `accept` and `who-can` against a shepherd that answers as the test says. */
import fs from 'node:fs';
import path from 'node:path';
import { ActorError, type Turn } from '@bellwether/actors';
import { FLEET_LIMITS, type GrantFacts } from '@bellwether/fleet';
import { afterEach, describe, expect, it } from 'vitest';
import { readValue } from '../../../packages/herd/src/cli/grammar/grammar.ts';
import { maxSpanMs } from '../../../packages/herd/src/cli/limits.ts';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { rateIn } from '../../../packages/herd/src/cli/grammar/spans.ts';
import { invitesIn } from '../../../packages/herd/src/refs/bundle.ts';
import { maxInviteCount } from '../../../packages/herd/src/refs/limits.ts';
import { version } from '../../../packages/herd/src/version.ts';
import { startFakeShepherd, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal } from './fake-terminal.ts';

const uid = process.getuid?.() ?? 0;
let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});
const serve = async (answers: Answers): Promise<FakeShepherd> =>
  (shepherd = await startFakeShepherd(answers));
const run = async (...argv: string[]) => {
  const terminal = fakeTerminal({
    uid,
    env: { SHEPHERD_SOCKET: shepherd?.socket, XDG_DATA_HOME: shepherd?.folder },
  });
  const exitCode = await main(argv, terminal, { version });
  return { exitCode, ...terminal.written };
};
const facts = (more: Partial<GrantFacts> = {}): GrantFacts => ({
  id: 'g-7f3k',
  service: 'web',
  actions: ['status', 'restart'],
  label: 'alice',
  issuer: 'root',
  madeMs: 0,
  usedCount: 0,
  state: 'live',
  ...more,
});
const secret = 'c2VjcmV0'.repeat(5).slice(0, 43);
const inviteUri = `ocapn://x.tcp-tls/s/${secret}?host=h&port=1`;
const made = { grant: facts({ state: 'invited' }), invite: inviteUri, inviteExpiresMs: 900_000 };
const grantWords = ['grant', 'web', '--to', 'alice', '--allow', 'status,restart'];

describe('herd grant', () => {
  it('says what it asks for, and puts the invite into a file that is nobody else’s', async () => {
    const { folder, asked } = await serve({ grant: () => made });
    const file = path.join(folder, 'alice.invite');
    const more = ['--max-uses', '3', '--rate', '5/min', '--nodes', 'a,b', '--invite-expires', '1h'];
    const rules = ['--args', 'restart=v* prod; status=**'];
    const ran = await run(...grantWords, '--expires', '8h', ...more, ...rules, '--out', file);
    expect(ran.exitCode).toBe(0);
    expect(asked).toEqual([['grant']]);
    expect(fs.readFileSync(file, 'utf8').trim()).toBe(inviteUri);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(ran.out).toContain('An invite for alice is in');
    expect(ran.out).toMatch(/may +status, restart of web/);
    expect(ran.out + ran.err).not.toContain(secret);
  });
  it('names the host by what its addresses begin with, for whoever accepts to compare', async () => {
    const invite = inviteUri.replace('//x.', `//${'abcdefghijklmnopqrstuvwxyz234567'.repeat(2)}.`);
    const { folder } = await serve({ grant: () => ({ ...made, invite }) });
    const file = path.join(folder, 'alice.invite');
    const { out } = await run('--json', ...grantWords, '--expires', '8h', '--out', file);
    expect(JSON.parse(out)).toMatchObject({ host: 'abcd-efgh-ijkl-mnop-qrst' });
    const again = ['--expires', '8h', '--out', file, '--yes'];
    expect((await run(...grantWords, ...again)).out).toMatch(
      /^ {2}host +abcd-efgh-ijkl-mnop-qrst$/m,
    );
  });
  it('warns of what the host doubts, and tells it as data, too', async () => {
    const doubt = "Nobody knows yet whether there is an action 'reindex': b has not been heard of.";
    await serve({ grant: () => ({ ...made, doubt }) });
    const ran = await run(...grantWords, '--expires', '8h', '--reveal', '--json');
    expect(ran.exitCode).toBe(0);
    expect(ran.err).toContain(`herd: warning: ${doubt}`);
    expect(JSON.parse(ran.out)).toMatchObject({ kind: 'grant', doubt });
  });
  it('sends what was typed and nothing that was not', async () => {
    const specs: unknown[] = [];
    const answer = (_turn: Turn, spec: unknown): unknown => {
      specs.push(spec);
      return made;
    };
    await serve({ grant: answer });
    const plain = ['--expires', '8h', '--reveal'];
    await run(...grantWords, ...plain, '--rate', '3/10s', '--args', 'restart=v*  prod');
    await run('grant', 'web', '--to', 'bo', '--no-expiry', '--reveal', '--local');
    expect(specs).toEqual([
      {
        service: 'web',
        actions: ['status', 'restart'],
        label: 'alice',
        lifetimeMs: 28_800_000,
        rate: { count: 3, windowMs: 10_000 },
        arguments: { restart: ['v*', 'prod'] },
      },
      { service: 'web', actions: ['status'], label: 'bo', isLocal: true },
    ]);
  });
  it('prints the secret only where that is asked for', async () => {
    await serve({ grant: () => made });
    const hidden = await run(...grantWords, '--expires', '8h');
    expect(hidden).toMatchObject({ exitCode: 2, out: '' });
    expect(hidden.err).toContain('--out FILE');
    expect(shepherd?.asked).toEqual([]);
    expect((await run(...grantWords, '--expires', '8h', '--reveal')).out).toContain(inviteUri);
    const shown = await run(...grantWords, '--expires', '8h', '--reveal', '--json');
    expect(JSON.parse(shown.out)).toMatchObject({ kind: 'grant', invite: inviteUri });
  });
  it.each([
    [['grant', 'web', '--expires', '8h', '--reveal'], '--to NAME'],
    [['grant', 'web', '--to', 'a', '--reveal'], 'needs an end'],
    [['grant', 'web', '--to', 'a', '--expires', '1h', '--no-expiry'], 'either'],
    [['grant', 'web', '--to', 'a', '--expires', '8', '--reveal'], 'a span of time'],
    [['grant', 'web', '--to', 'a', '--expires', '1h', '--rate', '5'], '5/min'],
    [['grant', 'web', '--to', 'a', '--expires', '1h', '--allow', 'x,,y'], 'an empty word'],
    [['grant', 'web', '--to', 'a', '--expires', '1h', '--args', 'x'], 'ACTION=PATTERN'],
    [['grant', 'web', '--to', 'a', '--expires', '1h', '--args', 'stop=*'], "'stop'"],
    [
      ['grant', 'web', '--to', 'a', '--expires', '1h', '--args', 'status=a; status=b'],
      "speaks of 'status' twice",
    ],
    [['grant', 'revoke', 'g-1', 'web'], 'no @PETNAME'],
    [['grant', 'ls', 'web'], 'no @PETNAME'],
    [['who-can', 'stop', '@web'], 'another machine'],
  ])('does not understand %j, and asks nobody', async (argv, words) => {
    await serve({});
    const ran = await run(...argv);
    expect(ran).toMatchObject({ exitCode: 2, out: '' });
    expect(ran.err).toContain(words);
    expect(shepherd?.asked).toEqual([]);
  });
  it('takes a slip of another word of grants for that', async () => {
    await serve({});
    expect(await run('grant', 'lst')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining("Did you mean 'herd grant ls'?") as unknown,
    });
  });
  it('says what lists the ids where there is none such', async () => {
    const refused = (): never => {
      throw new ActorError('refused', 'no such grant');
    };
    await serve({ revokeGrant: refused, grants: () => ({ grants: [] }) });
    expect((await run('grant', 'revoke', 'g-9')).err).toContain("'herd grant ls' lists them.");
  });
  it('with --dry-run makes nothing', async () => {
    await serve({ grants: () => ({ grants: [] }) });
    const ran = await run(...grantWords, '--expires', '8h', '--dry-run');
    expect(ran.exitCode).toBe(0);
    expect(ran.out).toMatch(/Would let alice do this: status, restart of web, until /);
    expect(shepherd?.asked).toEqual([['grants']]);
  });
  it('is refused in the words of the shepherd, with exit code 5 where a grant is too small', async () => {
    await serve({
      grant: () => {
        throw new ActorError('too-wide', 'grant g-1 does not allow that itself');
      },
    });
    const ran = await run(...grantWords, '--expires', '8h', '--reveal');
    expect(ran.exitCode).toBe(5);
    expect(ran.err).toContain('grant g-1 does not allow that itself');
    expect(ran.err).toContain('Nothing was done');
  });
});

describe('herd grant ls', () => {
  const grants = [
    facts({ id: 'g-a' }),
    facts({ id: 'g-b', parent: 'g-a', label: 'bot', maxUses: 3, usedCount: 1 }),
    facts({ id: 'g-c', label: 'old', state: 'expired', expiresMs: 1_000 }),
    facts({
      id: 'g-d',
      parent: 'g-b',
      state: 'revoked',
      revoked: { grant: 'g-d', atMs: 1, by: 'x' },
    }),
  ];
  it('lists who may do what, and as a tree', async () => {
    await serve({ grants: () => ({ grants }) });
    const flat = await run('grant', 'ls');
    expect(flat.out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      ...['g-a', 'g-b', 'g-c', 'g-d', '4', ''],
    ]);
    expect(flat.out).toContain('4 grants, 2 in force');
    expect(flat.out).toContain('1 of 3 uses');
    const tree = (await run('grant', 'ls', '--tree')).out.split('\n');
    expect(tree.slice(0, 4).map((line) => /^ *g-./.exec(line)?.[0])).toEqual([
      ...['g-a', '  g-b', '    g-d', 'g-c'],
    ]);
  });
  it('says of what nobody accepted that its invite is over, and not that it has expired', async () => {
    const lapsed = facts({ id: 'g-a', state: 'lapsed', expiresMs: 4e12 });
    await serve({
      grants: () => ({
        grants: [
          { ...lapsed, inviteExpiresMs: 1_000 },
          { ...lapsed, id: 'g-b' },
        ],
      }),
    });
    const { out } = await run('grant', 'ls');
    expect(out).toMatch(/g-a .* never accepted, invite over at 1970-01-01/);
    expect(out).toMatch(/g-b .* never accepted, and its invite ended when a backup was restored/);
    expect(out).not.toContain('expired');
    expect(out).toContain('2 grants, 0 in force');
  });
  it('asks for page after page, and not for ever', async () => {
    const page = (at: number) => [facts({ id: `g-${at}` }), facts({ id: `g-${at}b` })];
    await serve({
      grants: (_turn, after) => {
        const at = after === undefined ? 0 : Number(/\d+/.exec(String(after))?.[0]) + 1;
        return at < 3 ? { grants: page(at), next: `g-${at}b` } : { grants: page(at) };
      },
    });
    expect((await run('grant', 'ls')).out).toContain('8 grants, 8 in force');
    await shepherd?.stop();
    const many = Array.from({ length: 512 }, (_, at) => facts({ id: `g-${at}` }));
    await serve({ grants: () => ({ grants: many, next: 'g-0' }) });
    const ran = await run('grant', 'ls');
    expect(ran).toMatchObject({ exitCode: 1, out: '' });
    expect(ran.err).toContain('more than 111000');
  });
  it('shows each once, whatever a host says of parents', async () => {
    const loop = [facts({ id: 'g-a', parent: 'g-b' }), facts({ id: 'g-b', parent: 'g-a' })];
    await serve({ grants: () => ({ grants: [...loop, facts({ id: 'g-c', parent: 'g-c' })] }) });
    expect((await run('grant', 'ls', '--tree')).exitCode).toBe(0);
  });
  it('shows nothing that a terminal would obey', async () => {
    await serve({ grants: () => ({ grants: [facts({ label: '\x1b[2Jx', issuer: '\u202e' })] }) });
    const { out } = await run('grant', 'ls');
    expect(out).not.toMatch(/[\x1b\u202e]/);
    expect(out).toContain('\\x1b[2Jx');
  });
  it('does not take for an answer what is none', async () => {
    for (const bad of [
      {},
      [{}],
      [facts({ state: 'odd' as 'live' })],
      [facts({ actions: [{}] as never })],
    ]) {
      await serve({ grants: () => ({ grants: bad }) });
      const ran = await run('grant', 'ls');
      expect(ran).toMatchObject({ exitCode: 1, out: '' });
      expect(ran.err).toContain('grants');
      await shepherd?.stop();
    }
  });
});

describe('herd grant revoke', () => {
  it('says what ended by it, and beforehand what would', async () => {
    const [a, b] = [facts({ id: 'g-a' }), facts({ id: 'g-b', parent: 'g-a', label: 'bot' })];
    const gone = { grant: 'g-a', atMs: 1_000, by: 'root', reason: 'off duty' };
    const revoked = [a, b].map((each) => ({ ...each, state: 'revoked' as const, revoked: gone }));
    await serve({
      grants: () => ({ grants: [a, b, facts({ id: 'g-c' })] }),
      revokeGrant: () => ({ revoked }),
    });
    const dry = await run('grant', 'revoke', 'g-a', '--dry-run');
    expect(dry.out).toContain('Would take from alice: g-a');
    expect(dry.out).toContain('Would take from bot: g-b');
    expect(dry.out).not.toContain('g-c');
    expect(shepherd?.asked).toEqual([['grants']]);
    expect((await run('grant', 'revoke', 'g-x', '--dry-run')).exitCode).toBe(2);
    const ran = await run('grant', 'revoke', 'g-a', '--reason', 'off duty');
    expect(ran.out).toMatch(/Grant g-a for alice is revoked .* by root: off duty\./);
    expect(shepherd?.asked.at(-1)).toEqual(['revokeGrant', 'g-a', 'off duty']);
  });
  it('of what had ended before says so', async () => {
    await serve({ revokeGrant: () => ({ revoked: [] }) });
    expect((await run('grant', 'revoke', 'g-a')).out).toContain('held no more already');
  });
});

describe('herd grant --direct', () => {
  const parts = ['web-a', 'web-b'].map((member) => ({
    member,
    grant: `g-${member}`,
    state: 'live' as const,
    untilMs: 28_800_000,
  }));
  const direct = facts({ id: 'd-1', service: 'fleet', parts });
  const words = ['grant', 'fleet', '--direct', '--to', 'alice', '--expires', '8h'];
  it('writes all invites into one file, and passes on the lease', async () => {
    const invites = parts.map(({ member }) => ({ member, invite: inviteUri }));
    const { folder, asked } = await serve({
      grantDirect: () => ({ kind: 'made', grant: direct, invites, inviteExpiresMs: 900_000 }),
    });
    const file = path.join(folder, 'alice.invites');
    const ran = await run(...words, '--lease', '15m', '--out', file);
    expect([ran.exitCode, ran.err]).toEqual([0, '']);
    expect(fs.readFileSync(file, 'utf8')).toBe(`web-a ${inviteUri}\nweb-b ${inviteUri}\n`);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(ran.out).toContain('2 invites for alice');
    expect(ran.out).not.toContain(secret);
    expect(asked).toEqual([['grantDirect', 900_000]]);
  });
  it.each([
    ['unreachable', 4],
    ['denied', 5],
    ['failed', 1],
  ] as const)(
    'has a row for each host where one is %s, and exits with %i',
    async (result, code) => {
      const rows = [
        { member: 'web-a', result: 'undone' },
        { member: 'web-b', result, reason: 'cannot \x1b[2J' },
      ] as const;
      const { folder } = await serve({ grantDirect: () => ({ kind: 'not-made', rows }) });
      const file = path.join(folder, 'x');
      const ran = await run(...words, '--out', file);
      expect(ran.exitCode).toBe(code);
      expect(ran.out).toMatch(/web-a +made, and taken back/);
      expect(ran.out).not.toContain('\x1b');
      expect(ran.err).toContain('1 of 2 hosts did not do it');
      expect(fs.existsSync(file)).toBe(false);
    },
  );
  it('is not for petnames, nor a lease for anything else', async () => {
    await serve({});
    const rest = ['--to', 'a', '--expires', '1h', '--reveal'];
    expect((await run('grant', '@web', '--direct', ...rest)).exitCode).toBe(2);
    expect((await run('grant', 'fleet', '--direct', '--local', ...rest)).exitCode).toBe(2);
    expect((await run('grant', 'fleet', '--lease', '15m', ...rest)).err).toContain('--direct');
    expect(shepherd?.asked).toEqual([]);
  });
  it('that is not revoked everywhere exits with 4, and says where and until when', async () => {
    const gone = { grant: 'd-1', atMs: 1_000, by: 'root' };
    const open = parts.map((part, at) => ({
      ...part,
      state: at === 0 ? ('revoked' as const) : ('revoking' as const),
    }));
    const revoking = { ...direct, state: 'revoking' as const, revoked: gone, parts: open };
    await serve({
      revokeGrant: () => ({ revoked: [revoking] }),
      grants: () => ({ grants: [revoking] }),
    });
    const ran = await run('grant', 'revoke', 'd-1');
    expect(ran.exitCode).toBe(4);
    expect(ran.out).toContain('not yet at 1 of 2 hosts');
    expect(ran.out).toMatch(/web-a +g-web-a +revoked there/);
    expect(ran.out).toMatch(/web-b +g-web-b +not told yet/);
    expect((await run('grant', 'ls')).out).toMatch(/ {2}web-b +g-web-b +not told yet/);
    const without = open.map((part) =>
      part.state === 'revoked' ? part : { ...part, state: 'lost' as const, untilMs: 4e12 },
    );
    const lost = { ...revoking, state: 'lost' as const, parts: without };
    await shepherd?.stop();
    await serve({ revokeGrant: () => ({ revoked: [lost] }) });
    const there = await run('grant', 'revoke', lost.id);
    expect(there.exitCode).toBe(4);
    expect(there.out).toContain('out of reach at 1 of 2 hosts');
    expect(there.out).toMatch(/web-b +g-web-b +out of reach: holds there until /);
    expect(there.err).toContain(`'herd grant revoke ${lost.id} --force'`);
    await run('grant', 'revoke', lost.id, '--force');
    expect(shepherd?.asked.at(-1)).toEqual(['revokeGrant', lost.id, '', true]);
  });
});

describe('minted refs', () => {
  it('stand above what was made out of them', async () => {
    const minted = {
      ...facts({ id: 'm-0a', actions: [] }),
      isMinted: true as const,
      madeMs: 1_000,
    };
    const { label: _label, ...ref } = minted;
    await serve({ grants: () => ({ grants: [ref, facts({ id: 'g-b', issuer: 'm-0a' })] }) });
    const tree = (await run('grant', 'ls', '--tree')).out.split('\n');
    expect(tree[0]).toMatch(/^m-0a .* everything of web +until revoked; minted /);
    expect(tree[1]).toMatch(/^ {2}g-b /);
    const dry = await run('grant', 'revoke', 'm-0a', '--dry-run');
    expect(dry.out).toContain('Would take from alice: g-b');
  });
});

describe('herd grant confirm and who-can', () => {
  it('name what holds again, and who may', async () => {
    await serve({
      confirmGrants: () => ['g-7f3k'],
      whoCan: () => ({
        grants: [facts({ holder: 'ed25519:1234' })],
        moreCount: 2,
        minted: ['0a1b2c3d'],
      }),
    });
    expect((await run('grant', 'confirm', 'g-7f3k')).out).toContain('Grant g-7f3k holds again.');
    expect(shepherd?.asked).toEqual([['confirmGrants', ['g-7f3k'], false]]);
    expect((await run('grant', 'confirm')).exitCode).toBe(2);
    expect((await run('grant', 'confirm', 'g-7f3k', '--all')).exitCode).toBe(2);
    expect(shepherd?.asked).toHaveLength(1);
    await run('grant', 'confirm', 'g-7f3k', '--force');
    expect(shepherd?.asked.at(-1)).toEqual(['confirmGrants', ['g-7f3k'], true]);
    const who = await run('who-can', 'restart', 'web');
    for (const words of [
      'admin.ref',
      '0a1b2c3d',
      'g-7f3k',
      'alice',
      'ed25519:1234',
      '2 more grants',
    ])
      expect(who.out).toContain(words);
  });
});

describe('herd accept', () => {
  it('refuses what is no bundle before it asks anybody', async () => {
    const { folder } = await serve({});
    const file = path.join(folder, 'x.invites');
    const line = (name: string): string => `${name} ${inviteUri}`;
    for (const bad of [
      `${line('a')}\n${line('a')}`,
      `${line('a')}\nb`,
      `a b ${inviteUri}\n${line('c')}`,
      Array.from({ length: maxInviteCount + 1 }, (_, at) => line(`w${at}`)).join('\n'),
      `${line('../a')}\n${line('b')}`,
    ]) {
      fs.writeFileSync(file, bad, { mode: 0o600 });
      const ran = await run('accept', '--from', file);
      expect(ran.exitCode).toBe(2);
      expect(ran.err).not.toContain(secret);
    }
    const most = Array.from({ length: maxInviteCount }, (_, at) => line(`w${at}`));
    expect(invitesIn(most.join('\n'), 'x')).toHaveLength(maxInviteCount);
  });
  it('asks nobody where the name is taken, or what comes in is no ref', async () => {
    const { folder } = await serve({});
    const file = path.join(folder, 'x.invite');
    fs.writeFileSync(file, 'hello', { mode: 0o600 });
    expect((await run('accept', '--from', file)).exitCode).toBe(2);
    fs.writeFileSync(file, inviteUri.replace('//x.', '//y.'), { mode: 0o600 });
    expect((await run('ref', 'add', 'web', '--from', file)).exitCode).toBe(0);
    fs.writeFileSync(file, inviteUri, { mode: 0o600 });
    expect((await run('accept', 'web', '--from', file)).exitCode).toBe(9);
    expect((await run('accept', '../web', '--from', file)).exitCode).toBe(2);
    expect(fs.existsSync(path.join(folder, 'bellwether', 'keys'))).toBe(false);
  });
});

describe('spans and rates', () => {
  it('are taken up to their limits and no further', () => {
    const day = 86_400_000;
    const most = maxSpanMs / day;
    expect(readValue('span', '1s')).toBe(1_000);
    expect(readValue('span', `${most}d`)).toBe(maxSpanMs);
    for (const bad of [`${most + 1}d`, '0s', '8', '-1h', '1.5h', '1w', '1234567s', ''])
      expect(readValue('span', bad), bad).toBeUndefined();
    expect(rateIn('5/min')).toEqual({ count: 5, windowMs: 60_000 });
    expect(rateIn('100/h')).toEqual({ count: 100, windowMs: 3_600_000 });
    expect(rateIn('1/2d')).toEqual({ count: 1, windowMs: 2 * day });
    expect(rateIn(`1/${most}d`)).toEqual({ count: 1, windowMs: maxSpanMs });
    for (const bad of ['0/min', '5/0s', '5', '/min', '5/week', `1/${most + 1}d`, '5 / min'])
      expect(rateIn(bad), bad).toBeUndefined();
  });

  it('confirm all, as often as one answer has no room for more', async () => {
    let left = FLEET_LIMITS.grantListCount + 3;
    await serve({
      confirmGrants: () => {
        const count = Math.min(left, FLEET_LIMITS.grantListCount);
        left -= count;
        return Array.from({ length: count }, (_none, at) => `g-${at}`);
      },
      grants: () => ({ grants: [] }),
    });
    const { out, exitCode } = await run('grant', 'confirm', '--all');
    expect(exitCode).toBe(0);
    expect(out).toContain(`${FLEET_LIMITS.grantListCount + 3} grants`);
    expect(left).toBe(0);
  });
});

describe('herd grant clock', () => {
  it('says by what time grants end, and with --yes takes it back', async () => {
    const wallMs = Date.parse('2026-01-01T12:00:00Z');
    const clock = { nowMs: wallMs + 86_400_000, wallMs, returned: [] };
    const answer = (_turn: Turn, isTakenBack: unknown) =>
      isTakenBack === true ? { ...clock, returned: ['g-1', 'g-2'] } : clock;
    await serve({ grantClock: answer });
    const told = await run('grant', 'clock');
    expect(told.exitCode).toBe(0);
    expect(told.out).toContain('a time that is 24 hours ahead of the clock');
    expect(told.out).toContain('--yes');
    const back = await run('grant', 'clock', '--yes');
    const json = JSON.parse((await run('grant', 'clock', '--yes', '--json')).out) as unknown;
    expect(json).toMatchObject({ isTakenBack: true, returned: ['g-1', 'g-2'] });
    expect(back.out).toContain('Grant g-2 stands again.\n2 grants');
    expect(shepherd?.asked).toEqual([
      ['grantClock', false],
      ['grantClock', true],
      ['grantClock', true],
    ]);
    await shepherd?.stop();
    await serve({ grantClock: () => ({ nowMs: wallMs, wallMs, returned: [] }) });
    expect((await run('grant', 'clock')).out).toContain('by the clock of the machine');
    expect((await run('grant', 'clock', '--yes')).out).toContain('already');
    const nothing = JSON.parse((await run('grant', 'clock', '--yes', '--json')).out) as unknown;
    expect(nothing).toMatchObject({ isTakenBack: false, returned: [] });
  });
});
