import { describe, expect, it } from 'vitest';
import { defaultPlaces, type Surroundings } from '../../../packages/herd/src/places/paths.ts';

const around = (
  env: Record<string, string>,
  uid = 1000,
  own: readonly string[] = [],
): Surroundings => ({
  uid,
  env,
  isOwnFolder: (folder) => own.includes(folder),
});

describe('default places', () => {
  it('are the system folders for root', () => {
    expect(defaultPlaces(around({ HOME: '/root' }, 0))).toMatchObject({
      config: '/etc/bellwether/shepherd.config.ts',
      socket: '/run/bellwether/socket',
      sharedSocket: '/run/bellwether-shared/socket',
      state: '/var/lib/bellwether',
      logs: '/var/log/bellwether',
    });
  });
  it('follow XDG for a user', () => {
    const env = { HOME: '/home/u', XDG_RUNTIME_DIR: '/run/user/1000', XDG_CONFIG_HOME: '/cfg' };
    expect(defaultPlaces(around(env))).toMatchObject({
      config: '/cfg/bellwether/shepherd.config.ts',
      socket: '/run/user/1000/bellwether/socket',
      // Nobody else may enter a runtime folder, and few homes.
      sharedSocket: '/tmp/bellwether-shared-1000/socket',
      state: '/home/u/.local/state/bellwether',
      refs: '/home/u/.local/share/bellwether/refs',
    });
  });
  it('find the runtime folder where XDG_RUNTIME_DIR is unset', () => {
    const env = { HOME: '/home/u' };
    expect(defaultPlaces(around(env, 1000, ['/run/user/1000'])).socket).toBe(
      '/run/user/1000/bellwether/socket',
    );
    expect(defaultPlaces(around(env)).socket).toBe('/home/u/.local/state/bellwether/run/socket');
  });
  it('ignore a relative XDG folder', () => {
    expect(defaultPlaces(around({ HOME: '/home/u', XDG_STATE_HOME: 'here' })).state).toBe(
      '/home/u/.local/state/bellwether',
    );
  });
  it('let SHEPHERD_SOCKET name the socket', () => {
    expect(defaultPlaces(around({ HOME: '/home/u', SHEPHERD_SOCKET: '/tmp/s' })).socket).toBe(
      '/tmp/s',
    );
  });
});
