/** What can be asked of the shepherd itself where it is GNU's, and not here. */
import { actionRules } from './grammar.ts';
import { isRootName } from './invocation.ts';

const reasons = {
  'load eval':
    'no Scheme is run here: services are described in the configuration, a TypeScript module, which ' +
    "'herd reload root' reads again",
  unload: `services are unloaded by a reload: take them out of the configuration, and 'herd reload root'`,
  reload:
    'reload takes no file here: it reads the configuration of this shepherd, which is no Scheme',
  daemonize: 'this shepherd becomes no other process: whoever starts it says where it runs',
  'kexec halt reboot power-off': 'this shepherd does not end the machine that it runs on',
  'enable disable': 'the shepherd itself is always enabled',
};
/** Why, by the action; of `reload`, why it takes no file. */
export const notHere: ReadonlyMap<string, string> = new Map(
  Object.entries(reasons).flatMap(([all, why]) => all.split(' ').map((each) => [each, why])),
);

/** Why a command line that cannot be followed would be followed by GNU's `herd`; undefined where it would not. */
export const whyNotHere = (words: readonly string[]): string | undefined => {
  const [action = '', service = 'root', ...args] = words;
  const isMeant = isRootName(service) && (args.length > 0 || !actionRules.has(action));
  return isMeant ? notHere.get(action) : undefined;
};
