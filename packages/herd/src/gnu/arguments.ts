/**
 * Arguments of a request. Texts are texts; what GNU's `herd` makes of its options before `spawn` and `schedule` follows
 * them as keywords, and becomes the options again that a command of this shepherd has:
 *
 *     #:name job                                  -N job
 *     #:directory "/srv"                          -d /srv
 *     #:extra-environment-variables ("A=b" …)     -E A=b …
 *     #:user "web"  #:group "web"                 --user web  --group web
 *     #:log-file "/x.log"                         --log-file /x.log
 */
import { ActorError } from '@bellwether/actors';
import { Keyword, Sym, type Datum } from './wire/datum.ts';

/** What stands there is none, or no action here takes it. */
class BadArgument extends ActorError {
  constructor(message: string) {
    super('bad-argument', message);
  }
}

const optionOf: ReadonlyMap<string, string> = new Map([
  ['name', '-N'],
  ['directory', '-d'],
  ['extra-environment-variables', '-E'],
  ['log-file', '--log-file'],
  ['user', '--user'],
  ['group', '--group'],
]);

/** As a command of this shepherd has them. @throws BadArgument */
export const requestWords = (action: string, args: readonly Datum[]): readonly string[] => {
  const first = args.findIndex((arg) => arg instanceof Keyword);
  const texts = args.slice(0, first < 0 ? args.length : first).map(textIn);
  if (action !== 'spawn' && action !== 'schedule') {
    if (first >= 0) throw new BadArgument('this action takes no options');
    return texts;
  }
  const options = first < 0 ? [] : optionsIn(args.slice(first));
  return [...options, '--', ...texts];
};

const textIn = (arg: Datum | undefined): string => {
  if (typeof arg === 'string') return arg;
  throw new BadArgument('an argument is no text');
};

const optionsIn = (args: readonly Datum[]): readonly string[] => {
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 2) {
    const [keyword, value] = args.slice(at, at + 2);
    if (!(keyword instanceof Keyword)) throw new BadArgument('an option has more than one value');
    const option = optionOf.get(keyword.name);
    if (option === undefined) throw new BadArgument(`there is no option for ${keyword.name} here`);
    const values = Array.isArray(value) ? (value as readonly Datum[]) : [value];
    for (const each of values) words.push(option, each instanceof Sym ? each.name : textIn(each));
  }
  return words;
};
