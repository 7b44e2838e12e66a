import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  prepareFolders,
  prepareShared,
  prepareState,
  UnsafePlace,
  type DaemonPlaces,
} from '../../../packages/herd/src/places/folders.ts';
import {
  isOfSystem,
  accountLines,
  nodeAccounts,
} from '../../../packages/shepherd/src/node/users.ts';

const rootUser = process.getuid?.() === 0;
const makePlaces = (): DaemonPlaces & { readonly folder: string } => {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-folders-')));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const state = path.join(folder, 'state');
  return {
    folder,
    state,
    logs: path.join(state, 'log'),
    logFile: path.join(state, 'log', 'shepherd.log'),
    socket: path.join(state, 'run', 'socket'),
  };
};
const open = (folder: string, mode: number): void => {
  fs.mkdirSync(folder, { recursive: true });
  fs.chmodSync(folder, mode);
};
const refusal = async (places: DaemonPlaces): Promise<string> => {
  try {
    await prepareState(places);
    await prepareFolders(places);
  } catch (error) {
    expect(error).toBeInstanceOf(UnsafePlace);
    return (error as Error).message;
  }
  return 'taken';
};

const refusalOfShared = async (socket: string): Promise<string> => {
  try {
    await prepareShared(socket);
  } catch (error) {
    expect(error).toBeInstanceOf(UnsafePlace);
    return (error as Error).message;
  }
  return 'taken';
};

describe('the folder of a shared socket', () => {
  const makeShared = (mode = 0o755): { readonly above: string; readonly folder: string } => {
    const { folder } = makePlaces();
    fs.chmodSync(folder, mode);
    return { above: folder, folder: path.join(folder, 'a', 'b') };
  };

  it('is made for everybody to enter, with those above it that were not there', async () => {
    const { folder } = makeShared();
    expect(await refusalOfShared(path.join(folder, 's'))).toBe('taken');
    for (const each of [folder, path.dirname(folder)])
      expect(fs.statSync(each).mode & 0o777).toBe(0o755);
  });

  it('is refused where nobody could come to it, with what to do', async () => {
    const { above, folder } = makeShared(0o700);
    expect(await refusalOfShared(path.join(folder, 's'))).toBe(
      `shared-socket: ${folder}: nobody else can enter ${above}\n` +
        `  hint: chmod 755 '${above}', or choose another with --shared-socket`,
    );
    fs.chmodSync(above, 0o750);
    expect(await refusalOfShared(path.join(folder, 's'))).toBe('taken');
  });

  it('is refused where others may write to it, or put another in its place', async () => {
    const { above, folder } = makeShared();
    open(folder, 0o1777);
    expect(await refusalOfShared(path.join(folder, 's'))).toMatch(/written by everybody/);
    fs.chmodSync(folder, 0o755);
    fs.chmodSync(above, 0o777);
    expect(await refusalOfShared(path.join(folder, 's'))).toMatch(/above it may be written/);
    fs.chmodSync(above, 0o1777);
    expect(await refusalOfShared(path.join(folder, 's'))).toBe('taken');
  });

  it.runIf(rootUser)('is refused where it is there already and belongs to another', async () => {
    const { folder } = makeShared();
    open(folder, 0o755);
    fs.chownSync(folder, 4_242, 4_242);
    expect(await refusalOfShared(path.join(folder, 's'))).toBe(
      `shared-socket: ${folder} belongs to user 4242, and this shepherd runs as 0\n` +
        '  hint: chown it, or choose another with --shared-socket',
    );
  });
});

describe('the folders of a daemon', () => {
  it('are made for us alone where they are not there', async () => {
    const places = makePlaces();
    expect(await refusal(places)).toBe('taken');
    // Releases lie below the state, and root alone has services that run as somebody else.
    expect(fs.statSync(places.state).mode & 0o777).toBe(rootUser ? 0o711 : 0o700);
    for (const folder of [places.logs, path.dirname(places.socket)])
      expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('are refused where there can be none, and nobody waits for ever', async () => {
    const state = '/proc/bellwether/state';
    const places = { ...makePlaces(), state };
    expect(await refusal(places)).toBe(
      'state: /proc/bellwether cannot be made: /proc takes no folders\n' +
        '  hint: choose another with --state',
    );
  });

  it('are refused where a file, or a link that leads nowhere, is in the way', async () => {
    const places = makePlaces();
    const [file, link] = [path.join(places.folder, 'file'), path.join(places.folder, 'link')];
    fs.writeFileSync(file, '');
    fs.symlinkSync(path.join(places.folder, 'nowhere'), link);
    for (const wrong of [file, link])
      for (const state of [wrong, path.join(wrong, 'state')])
        expect(await refusal({ ...places, state })).toBe(
          `state: ${wrong} is no folder\n  hint: choose another with --state`,
        );
    expect(fs.readdirSync(places.folder).includes('nowhere')).toBe(false);
  });

  it.each(['state', 'logs'] as const)(
    'are refused where everybody may write: %s',
    async (which) => {
      const places = makePlaces();
      open(places[which], 0o777);
      expect(await refusal(places)).toBe(
        `${which}: ${places[which]}: it may be written by everybody\n` +
          `  hint: chmod o-w '${places[which]}', or choose another with --${which}`,
      );
      fs.chmodSync(places[which], 0o1777);
      expect(await refusal(places)).toMatch(/may be written by everybody/);
    },
  );

  it('are refused below one that everybody may write, unless that is sticky', async () => {
    const places = makePlaces();
    fs.chmodSync(places.folder, 0o777);
    expect(await refusal(places)).toMatch(/^state: .* above it may be written by everybody/);
    fs.chmodSync(places.folder, 0o1777);
    expect(await refusal(places)).toBe('taken');
  });

  it('are judged behind a link', async () => {
    const places = makePlaces();
    open(path.join(places.folder, 'open'), 0o777);
    fs.symlinkSync('open', places.state);
    expect(await refusal(places)).toMatch(/^state: .*: it may be written by everybody/);
  });

  it('are refused where a link to them can be turned by others', async () => {
    const places = makePlaces();
    const elsewhere = path.join(places.folder, 'elsewhere');
    open(elsewhere, 0o777);
    fs.mkdirSync(path.join(places.folder, 'real'), { mode: 0o700 });
    fs.symlinkSync('../real', path.join(elsewhere, 'link'));
    fs.symlinkSync('elsewhere/link', places.state);
    expect(await refusal(places)).toMatch(
      /^state: .*elsewhere above it may be written by everybody/,
    );
    fs.chmodSync(elsewhere, 0o1777);
    expect(await refusal(places)).toBe('taken');
  });

  it.runIf(rootUser)('are refused where they belong to somebody else', async () => {
    for (const which of ['state', 'logs'] as const) {
      const places = makePlaces();
      open(places[which], 0o755);
      fs.chownSync(places[which], 4_242, 4_242);
      expect(await refusal(places)).toMatch(
        new RegExp(`^${which}: .* belongs to user 4242, and this shepherd runs as 0\\n`),
      );
    }
  });

  it('are refused with something else in the place of the socket', async () => {
    const places = makePlaces();
    open(path.dirname(places.socket), 0o700);
    fs.writeFileSync(places.socket, '');
    expect(await refusal(places)).toMatch(/^socket: .*\/socket is no socket\n  hint: see/);
    fs.rmSync(places.socket);
    expect(await refusal(places)).toBe('taken');
  });
  it('are refused with a link in the place of a record', async () => {
    const places = makePlaces();
    const store = path.join(places.state, 'store-1');
    open(store, 0o700);
    expect(await refusal(places)).toBe('taken');
    fs.symlinkSync('/etc/hostname', path.join(places.state, 'notes')); // ours, and nobody opens it
    expect(await refusal(places)).toBe('taken');
    fs.symlinkSync('/etc/hostname', path.join(store, 'LOG'));
    expect(await refusal(places)).toMatch(/^state: .*: in it, store-1\/LOG is a link\n  hint: see/);
  });
  it.runIf(rootUser).each(['lock', 'store-1', 'store-1/LOG', 'keeper/table'])(
    'are refused with what somebody has left in them who had them before: %s',
    async (name) => {
      const places = makePlaces();
      for (const each of ['store-1', 'keeper']) open(path.join(places.state, each), 0o700);
      const file = path.join(places.state, name);
      if (!fs.existsSync(file)) fs.symlinkSync('/etc/hostname', file);
      fs.lchownSync(file, 4_242, 4_242);
      expect(await refusal(places)).toMatch(
        new RegExp(`^state: .*: in it, ${name} (belongs to user 4242|is a link)\n  hint: see`),
      );
    },
  );

  it('hold logs below no folder that others may change: of services, and of the daemon itself', async () => {
    const places = makePlaces();
    const elsewhere = path.join(places.folder, 'elsewhere');
    const log = path.join(elsewhere, 'log');
    open(log, 0o755);
    fs.chmodSync(elsewhere, 0o777);
    const logFile = path.join(log, 'shepherd.log');
    for (const moved of [{ logs: log }, { logFile }])
      expect(await refusal({ ...places, ...moved })).toMatch(
        /^log(s|file): .*elsewhere above it may be written by everybody\n  hint: chmod o-w /,
      );
    fs.chmodSync(elsewhere, 0o1777);
    expect(await refusal({ ...places, logs: log, logFile })).toBe('taken');
    fs.symlinkSync(log, path.join(elsewhere, 'link'));
    fs.chmodSync(elsewhere, 0o777);
    const linked = { ...places, logFile: path.join(elsewhere, 'link', 'shepherd.log') };
    expect(await refusal(linked)).toMatch(/^logfile: .* may be written by everybody/);
  });

  it.runIf(rootUser)(
    'are refused as logs below what another user or a group can change',
    async () => {
      const places = makePlaces();
      const elsewhere = path.join(places.folder, 'elsewhere');
      const logs = path.join(elsewhere, 'log');
      open(logs, 0o755);
      fs.chownSync(elsewhere, 0, 54_321);
      fs.chmodSync(elsewhere, 0o775);
      expect(await refusal({ ...places, logs })).toMatch(
        /^logs: .*elsewhere above it may be written by group 54321/,
      );
      fs.chownSync(elsewhere, 4_242, 0);
      expect(await refusal({ ...places, logs })).toMatch(
        /elsewhere above it belongs to another user/,
      );
    },
  );

  /** Where this machine knows one: that of daemon, or of bin. */
  const ofSystem = 1;
  it.runIf(rootUser && isOfSystem(ofSystem, accountLines(nodeAccounts())))(
    'are taken as logs, and not as state, below what services of the system can change',
    async () => {
      const places = makePlaces();
      const elsewhere = path.join(places.folder, 'elsewhere');
      const logs = path.join(elsewhere, 'log');
      open(logs, 0o755);
      fs.chownSync(elsewhere, 0, ofSystem);
      fs.chmodSync(elsewhere, 0o775);
      expect(await refusal({ ...places, logs })).toBe('taken');
      const state = path.join(elsewhere, 'state');
      expect(await refusal({ ...places, state })).toMatch(/^state: .* may be written by group 1,/);
    },
  );

  it('hold a log file elsewhere only where nobody else can write, or where it is sticky', async () => {
    const places = makePlaces();
    const elsewhere = path.join(places.folder, 'elsewhere');
    open(elsewhere, 0o777);
    const moved = { ...places, logFile: path.join(elsewhere, 'shepherd.log') };
    expect(await refusal(moved)).toMatch(/^logfile: .* may be written by everybody/);
    fs.chmodSync(elsewhere, 0o1777);
    expect(await refusal(moved)).toBe('taken');
  });
});
