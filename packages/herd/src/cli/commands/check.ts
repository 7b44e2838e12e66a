/**
 * `herd check [FILE]`: what a shepherd would make of a configuration. Needs no shepherd, and starts
 * nothing.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { placesOf } from '../../client/place.ts';
import { visible } from '../../client/escape.ts';
import { defaultNodeName, judgeCertificate, loadConfig, sharedPlaces } from '../../config/index.ts';
import type { Context } from '../context.ts';
import { counted } from '../format/times.ts';
import { doubtsAbout, userLines } from './described-users.ts';
import { print, printErrors } from '../terminal/print.ts';

/** Runs the command. @throws ConfigError, exit code 2, with every problem and its place */
export const runCheck = async (context: Context, words: readonly string[]): Promise<number> => {
  const { terminal, options } = context;
  const file = path.resolve(words[0] ?? placesOf(terminal).config);
  const description = await loadConfig(file, {
    bellwether: createRequire(import.meta.url).resolve('bellwether'),
    nodeName: defaultNodeName(),
    env: terminal.env,
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
    print: (text) => terminal.err(`${text.split('\n').map(visible).join('\n').trimEnd()}\n`),
  });
  const { uid, wall } = terminal;
  const ending = judgeCertificate(description, file, { uid, nowMs: wall() });
  const names = description.services.map(({ provision }) => provision[0] ?? '').map(visible);
  const list = names.length === 0 ? '' : `: ${names.join(' ')}`;
  const users = description.services.flatMap(userLines);
  const lines = [`${visible(file)}: good, ${counted(names.length, 'service')}${list}`, ...users];
  print(context, lines, { kind: 'config', file, description });
  const doubts = [...ending, ...sharedPlaces(description)];
  printErrors(
    context,
    doubts.map((text) => visible(`herd: warning: ${text}`)),
  );
  printErrors(context, doubtsAbout(description.services));
  return 0;
};
