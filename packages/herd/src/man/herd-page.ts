/** herd(1), made of what `herd help` says. */
import { actionAbouts, optionAbouts } from '../cli/help/abouts.ts';
import { exitCodeWords } from '../cli/help/exit-code-words.ts';
import {
  actionRules,
  commonOptions,
  optionNames,
  optionRules,
  type OptionName,
  type OptionRule,
} from '../cli/grammar/grammar.ts';
import { optionArguments } from '../cli/help/option-arguments.ts';
import { optionExamples } from '../cli/help/option-examples.ts';
import { pages } from '../cli/help/pages.ts';
import { slotPages } from '../cli/help/slot-pages.ts';
import { ManPage } from './roff.ts';

const jsonTexts: readonly string[] = [
  'With --json standard output has one document, or one a line of what goes on, and nothing else. Each has its ' +
    'schema, within which fields are only added, and its kind. Times are milliseconds since 1970, spans end in Ms.',
  'What came of a command is of the kind outcome: operation, action, service and exitCode, and outcome with member, ' +
    'result, reason and rows, the same of each member. Where members made the wait longer than usual, waitedFor has ' +
    'them as members, waitedMs, and, as slowest and slowestMs, which of them had said how long it may take.',
];

/** The page as roff. */
export const herdPage = (version: string): string => {
  const page = new ManPage(
    'herd',
    '1',
    version,
    'ask a shepherd about its services, or to act on them',
  );
  page.section('SYNOPSIS');
  page.verbatim('herd [OPTION...] ACTION [SERVICE [ARG...]]');
  page.section('DESCRIPTION');
  page.paragraph(
    'Herd talks to the shepherd(8) of this machine, or to services elsewhere to which you hold a ref. SERVICE is a ' +
      'name at the shepherd, or @PETNAME for a ref of your own. Any ACTION that is not listed here is one that the ' +
      'service itself offers.',
  );
  page.paragraph(
    'Options come before SERVICE, with actions of herd itself also after it. What follows the SERVICE of any other ' +
      'action arrives as typed; only --dry-run and -l are refused there. What follows -- is never an option. Long ' +
      'options may be abbreviated, where only one begins so.',
  );
  page.section('ACTIONS');
  for (const [name, { usage, options, otherwise }] of actionRules) {
    page.subsection(`herd ${name} ${usage}`.trimEnd());
    if (otherwise !== undefined) page.paragraph(`Also: herd ${name} ${otherwise.rule.usage}`);
    page.paragraph(`${sentence(actionAbouts[name] ?? '')} ${pages[name]?.text ?? ''}`.trim());
    if (options.length > 0) page.paragraph(`Options: ${options.map(spelled).join(', ')}.`);
    for (const [option, said] of Object.entries(pages[name]?.options ?? {}))
      page.item(`--${option}`, sentence(said));
    page.examples(pages[name]?.examples ?? []);
  }
  page.section('ACTIONS OF SLOTS');
  for (const [name, { usage, text, examples }] of Object.entries(slotPages)) {
    page.subsection(`herd ${name} ${usage}`.trimEnd());
    page.paragraph(text);
    page.examples(examples);
  }
  page.section('OPTIONS');
  page.paragraph(`Every action takes ${commonOptions.map(spelled).join(', ')}.`);
  for (const name of optionNames)
    page.item(termOf(name), `${sentence(optionAbouts[name])} Example: ${optionExamples[name]}`);
  page.section('JSON');
  for (const text of jsonTexts) page.paragraph(text);
  page.section('EXIT STATUS');
  page.paragraph('The first of these that holds:');
  for (const [code, words] of exitCodeWords) page.item(String(code), sentence(words));
  page.section('ENVIRONMENT');
  page.item('SHEPHERD_SOCKET', 'The socket of the shepherd, where no option names one.');
  page.item(
    'NO_COLOR',
    'Set to anything but nothing: no colours. Elsewhere than on a terminal there are none.',
  );
  page.item(
    'XDG_DATA_HOME, XDG_RUNTIME_DIR',
    'Where refs are kept, and where the socket is looked for.',
  );
  page.section('SEE ALSO');
  page.paragraph('shepherd(8), shepherd.config(5)');
  return page.text();
};

const sentence = (about: string): string =>
  `${about.charAt(0).toUpperCase()}${about.slice(1)}${/[.!?]$/.test(about) ? '' : '.'}`;
const spelled = (name: OptionName): string => `--${name}`;
const termOf = (name: OptionName): string => {
  const { letter, kind }: OptionRule = optionRules[name];
  const argument = optionArguments[name];
  const short = letter === undefined ? '' : `-${letter}, `;
  if (argument === undefined) return `${short}--${name}`;
  return `${short}--${name}${kind === 'some' ? argument : `=${argument}`}`;
};
