/** shepherd(8), made of what `shepherd --help` says. */
import { shepherdHelp } from '../daemon/options.ts';
import { ManPage } from './roff.ts';

/** The page as roff. */
export const shepherdPage = (version: string): string => {
  const { usage, about, options, examples } = partsOf(shepherdHelp);
  const page = new ManPage('shepherd', '8', version, 'run the services of a configuration');
  page.section('SYNOPSIS');
  page.verbatim(usage);
  page.section('DESCRIPTION');
  page.paragraph(about);
  page.paragraph(
    'Services are children of a keeper, which outlives the shepherd where there is one: a shepherd that is killed, ' +
      'ends by herd detach root or is replaced by a newer one finds them again. What was started or stopped last is ' +
      'on the disk, and is so again after a boot. Logs are files, one for each service, of bounded size.',
  );
  page.section('OPTIONS');
  for (const { term, text } of options) page.item(term, text);
  page.section('SIGNALS');
  page.item(
    'SIGTERM, SIGINT',
    'Every service is stopped in order, then the shepherd ends. A second one ends it at once.',
  );
  page.item(
    'SIGUSR2',
    'The shepherd ends, and its services go on for the next one: herd detach root.',
  );
  page.section('FILES');
  page.paragraph('Defaults follow XDG for users, and /etc, /run, /var/lib, /var/log for root.');
  page.item(
    'shepherd.config.ts',
    'The configuration; see shepherd.config(5). Also .mts, .js and .mjs.',
  );
  page.item(
    'run/socket, run/admin.ref',
    'What herd talks to, and the secret that lets it: whoever can read that is the owner.',
  );
  page.item('log/shepherd.log', 'What the shepherd itself has to say.');
  page.section('EXAMPLES');
  page.examples(examples.map((line) => [line]));
  page.section('SEE ALSO');
  page.paragraph('herd(1), shepherd.config(5)');
  return page.text();
};

interface Parts {
  readonly usage: string;
  readonly about: string;
  readonly options: readonly { readonly term: string; readonly text: string }[];
  readonly examples: readonly string[];
}
const partsOf = (help: string): Parts => {
  const lines = help.split('\n');
  const first = lines.findIndex((line) => /^ +-/.test(line));
  const head = lines.slice(0, first).filter((line) => line !== '');
  const isUsage = (line: string): boolean => /^(Usage:| {7})/.test(line);
  const options: { term: string; text: string }[] = [];
  for (const line of lines.slice(first)) {
    if (line === '') break;
    const [, term, text = ''] = /^ {2,6}(-\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    const last = options.at(-1);
    if (term !== undefined) options.push({ term, text });
    else if (last !== undefined) last.text = `${last.text} ${line.trim()}`.trim();
  }
  return {
    usage: head
      .filter(isUsage)
      .map((line) => line.replace(/^Usage:/, '').trim())
      .join('\n'),
    about: head.filter((line) => !isUsage(line)).join(' '),
    options,
    examples: lines.flatMap((line) => (/^ {2}shepherd /.test(line) ? [line.trim()] : [])),
  };
};
