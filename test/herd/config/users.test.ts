/** Users and groups in a configuration: what is taken, and to which commands it goes. */
import type { ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { doubtsAbout, userLines } from '../../../packages/herd/src/cli/commands/described-users.ts';
import { refusalOfServices, taken } from './check.ts';

const description = (entry: string) => taken(`defineShepherd({ services: [${entry}] })`);
const configOf = (entry: string, env = {}) => {
  const [first] = toServiceConfigs(description(entry), env);
  if (first === undefined || !('config' in first)) throw new Error('no service');
  const config: ServiceConfig = first.config;
  return config;
};
const service = (rest: string) => `service({ provision: ['web'], ${rest} })`;
const slot = (rest: string) => `slot({ provision: ['web'], ${rest} })`;
const commandsOf = (entry: string) => {
  const { start, ready, actions, runAs } = configOf(entry);
  const check = ready.kind === 'exec' ? ready.command.runAs : undefined;
  const { look } = actions;
  const action = look?.kind === 'command' ? look.command.runAs : undefined;
  return { start: start?.runAs, check, action, runAs };
};

describe('the user of a service', () => {
  const start = `start: exec(['web'], { user: 'www', group: 33 })`;
  const rest = (more: string) =>
    `ready: { exec: exec(['well']${more}) }, actions: { look: { documentation: 'd', run: exec(['look']${more}) } }`;

  it('is that of its checks and actions', () => {
    const www = { user: 'www', group: 33 };
    const expected = { start: www, check: www, action: www, runAs: undefined };
    expect(commandsOf(service(`${start}, ${rest('')}`))).toEqual(expected);
  });
  it('is not that of those which say another, whose group it does not give either', () => {
    const { check, action } = commandsOf(service(`${start}, ${rest(`, { user: 'root' }`)}`));
    expect([check, action]).toEqual([{ user: 'root' }, { user: 'root' }]);
  });
  it('stays where they say another group alone', () => {
    const { check } = commandsOf(service(`${start}, ${rest(`, { group: 'adm' }`)}`));
    expect(check).toEqual({ user: 'www', group: 'adm' });
  });
  it('is the shepherd where nobody says one', () => {
    const none = { start: undefined, check: undefined, action: undefined, runAs: undefined };
    expect(commandsOf(service(`start: exec(['web']), ${rest('')}`))).toEqual(none);
  });
  it('does not inherit whose environment the shepherd has, unless it is named', () => {
    const env = { HOME: '/root', USER: 'root', XDG_RUNTIME_DIR: '/run/user/0', TOKEN: 't' };
    const inheriting = (wanted: string, user: string) =>
      configOf(service(`start: exec(['web'], { ${user} inheritEnv: ${wanted} })`), env).start?.env;
    expect(inheriting('true', `user: 'www',`)).toEqual({ TOKEN: 't' });
    expect(inheriting(`['HOME']`, `user: 'www',`)).toEqual({ HOME: '/root' });
    expect(inheriting('true', '')).toEqual(env);
  });
});

describe('the user of a slot', () => {
  it('is that of what is brought to it, and of its check', () => {
    const entry = slot(`user: 1001, group: 'www', ready: { exec: exec(['well']) }`);
    const www = { user: 1001, group: 'www' };
    expect(commandsOf(entry)).toEqual({ runAs: www, check: www });
  });
  it('is the shepherd where it says none', () => {
    expect(configOf(slot(''))).not.toHaveProperty('runAs');
  });
});

describe('a user', () => {
  it.each([
    [`user: -1`, /user: is negative/],
    [`user: 2147483648`, /user: is over 2147483647/],
    [`group: 2147483648`, /group: is over 2147483647/],
    [`user: 1.5`, /user: expected the name of a user, .* or its number, found 1.5/],
    [`user: '33'`, /user: is no name of a user; a number is written without quotes/],
    [`group: '33'`, /group: is no name of a group; a number is written without quotes/],
    [`user: ''`, /user: is no name of a user/],
    [`user: 'a:b'`, /user: is no name of a user/],
    [`user: 'a\\nb'`, /user: is no name of a user/],
    [`user: '${'u'.repeat(33)}'`, /user: has more than 32 characters/],
    [`user: true`, /user: expected the name of a user, as in 'www-data', or its number/],
  ])('is refused as %s, of slots and of commands', (rest, message) => {
    expect(refusalOfServices(slot(rest))).toMatch(message);
    expect(refusalOfServices(service(`start: exec(['web'], { ${rest} })`))).toMatch(message);
  });
  it.each([['2147483647'], ['0'], [`'${'u'.repeat(32)}'`], [`'_www-data.x$'`]])(
    'may be %s',
    (user) => {
      expect(configOf(slot(`user: ${user}, group: ${user}`)).runAs).toBeDefined();
    },
  );
});

describe('herd check', () => {
  it('tells who runs as whom, with checks and actions that say it themselves', () => {
    const entry = service(`start: exec(['web'], { user: 'www' }),
      actions: { look: { documentation: 'd', run: exec(['look'], { user: 0, group: 'adm' }) } }`);
    expect(description(entry).services.flatMap(userLines)).toEqual([
      'web runs as user www',
      'action look of web runs as user 0, group adm',
    ]);
  });
  it('warns of a slot that is the shepherd itself, also where it says that by name', () => {
    for (const user of ['', `user: 'root'`, `user: 0`, `group: 0`])
      expect(doubtsAbout(description(slot(user)).services).join('\n')).toContain(
        "slot web runs as the shepherd's own user",
      );
  });
  it('does not warn of one that is somebody else, but of a user that is not there', () => {
    const doubts = (user: string) => doubtsAbout(description(slot(user)).services).join('\n');
    expect(doubts(`user: 54321, group: 54321`)).not.toContain("shepherd's own user");
    expect(doubts(`user: 'no-such-user'`)).toMatch(
      /^herd: warning: web would not start here: exec: user 'no-such-user': no such user in \/etc\/passwd/,
    );
  });
});
