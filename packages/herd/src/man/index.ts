/** The manual pages of the programs and of their configuration: scripts/man.mjs writes them into files. */
import { version } from '../version.ts';
import { configPage } from './config-page.ts';
import { herdPage } from './herd-page.ts';
import { shepherdPage } from './shepherd-page.ts';

/** By the name of the file; `sources` are those of the package bellwether. */
export const manPages = (sources: readonly string[]): ReadonlyMap<string, string> =>
  new Map([
    ['herd.1', herdPage(version)],
    ['shepherd.8', shepherdPage(version)],
    ['shepherd.config.5', configPage(version, sources)],
  ]);
