/** What is disabled, told to who has a reference to it: to enable it is an advice for who may. */
import { ActorError, type Turn } from '@bellwether/actors';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { startFakeShepherd, statusOf, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal } from './fake-terminal.ts';

const uid = process.getuid?.() ?? 0;
let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});
const run = async (input: string, ...argv: string[]) => {
  const env = { SHEPHERD_SOCKET: shepherd?.socket, XDG_DATA_HOME: shepherd?.folder };
  const terminal = fakeTerminal({ uid, env, input });
  const exitCode = await main(argv, terminal, { version: '0' });
  return { exitCode, ...terminal.written };
};
const row = { member: 'web', result: 'failed', reason: 'it is disabled', isDisabled: true };
const disabledReason = 'respawned 5 times within 7 s';
const step = { service: 'web', action: 'start', isAsked: true, isAnswer: true };
const facts = { operation: 'op-7', asker: 'g-7f3k', action: 'start', service: 'web', atMs: 7 };
const report = {
  ...facts,
  endedMs: 9,
  result: 'failed',
  args: [],
  steps: [{ ...step, phase: 'settled', row }],
};
/** A fake one, of which `@web` is a ref that allows what a test says. */
const serve = async (allows: (turn: Turn) => unknown): Promise<void> => {
  shepherd = await startFakeShepherd({
    allows,
    perform: () => ({ ...row, rows: [] }),
    operation: () => report,
    probe: () => statusOf('web', { stage: 'stopped', isEnabled: false, disabledReason }),
  } as Answers);
  expect((await run(`${shepherd.tlsUri}\n`, 'ref', 'add', 'web')).exitCode).toBe(0);
};
const grantOf = (...actions: readonly string[]) => ({
  kind: 'grant',
  grant: {
    id: 'g-7f3k',
    service: 'web',
    actions,
    issuer: 'root',
    madeMs: 0,
    usedCount: 0,
    state: 'live',
  },
});
const words = async (): Promise<Readonly<Record<'start' | 'show' | 'status' | 'why', string>>> => {
  const told = { start: '', show: '', status: '', why: '' };
  told.start = (await run('', 'start', '@web')).err;
  told.show = (await run('', 'op', 'show', 'op-7', '@web')).out;
  told.status = (await run('', 'status', '@web')).out;
  told.why = (await run('', 'why', '@web')).out;
  return told;
};

describe('what is disabled behind a reference', () => {
  it.each([
    ['a grant that allows to enable it', grantOf('start', 'enable')],
    ['a minted one', { kind: 'everything', service: 'web' }],
  ])('is to be enabled by who has %s, by the name that he can type', async (_what, allowed) => {
    await serve(() => allowed);
    for (const [which, said] of Object.entries(await words()))
      expect(said, which).toContain('herd enable @web');
  });
  it('is said to be, to who may not, and whom to ask', async () => {
    await serve(() => grantOf('start', 'status'));
    const { start, show, ...others } = await words();
    const asking = "@web does not allow 'enable': ask whoever gave it to you.";
    for (const said of [start, show]) expect(said).toContain(asking);
    for (const [which, said] of Object.entries({ start, show, ...others }))
      expect(said, which).not.toContain('herd enable');
    expect(others.status).toContain(disabledReason);
  });
  it('is said to be, and no more, where nobody says what is allowed', async () => {
    await serve((turn) => turn.broken(new ActorError('used-up', 'no use is left')));
    for (const [which, said] of Object.entries(await words())) {
      expect(said, which).toContain('disabled');
      expect(said, which).not.toMatch(/enable @|whoever gave/);
    }
  });
});

it('the owner is asked for nothing more', async () => {
  await serve(() => grantOf());
  expect((await run('', 'start', 'web')).err).toContain("'herd enable web' first");
  expect(shepherd?.asked.map(([method]) => method)).not.toContain('allows');
});
