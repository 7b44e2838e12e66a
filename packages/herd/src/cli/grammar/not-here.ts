/** What can be asked of the shepherd itself where it is GNU's, and not here. */
import { actionRules } from './grammar.ts';
import { isRootName } from './invocation.ts';

const noScheme =
  'no Scheme is run here: services are described in the configuration, a TypeScript module, which ' +
  "'herd reload root' reads again";
const noPower = 'this shepherd does not end the machine that it runs on';
const alwaysEnabled = 'the shepherd itself is always enabled';
/** Why, by the action; of `reload`, why it takes no file. */
export const notHere: ReadonlyMap<string, string> = new Map([
  ['load', noScheme],
  ['eval', noScheme],
  [
    'unload',
    `services are unloaded by a reload: take them out of the configuration, and 'herd reload root'`,
  ],
  [
    'reload',
    'reload takes no file here: it reads the configuration of this shepherd, which is no Scheme',
  ],
  ['daemonize', 'this shepherd becomes no other process: whoever starts it says where it runs'],
  ['kexec', noPower],
  ['halt', noPower],
  ['reboot', noPower],
  ['power-off', noPower],
  ['enable', alwaysEnabled],
  ['disable', alwaysEnabled],
]);

/** Why a command line that cannot be followed would be followed by GNU's `herd`; undefined where it would not. */
export const whyNotHere = ([action = '', service, ...args]: readonly string[]):
  string | undefined => {
  const isOfRoot = service === undefined || isRootName(service);
  return isOfRoot && (args.length > 0 || !actionRules.has(action))
    ? notHere.get(action)
    : undefined;
};
