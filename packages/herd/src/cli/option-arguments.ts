/** What the values of options are called, in help and in errors. */
import type { OptionName, optionRules } from './grammar.ts';

type Valueless = {
  [N in OptionName]: (typeof optionRules)[N]['kind'] extends 'flag' ? N : never;
}[OptionName];

/** By the long name of each option that takes one. */
export const optionArguments: Readonly<Record<Exclude<OptionName, Valueless>, string>> &
  Readonly<{ [N in Valueless]?: undefined }> = {
  socket: 'FILE',
  state: 'FOLDER',
  timeout: 'SECONDS',
  'log-history': 'N',
  since: 'AGE|TIME',
  selector: 'SELECTOR',
  'min-ready': 'N|N%',
  batch: '[N,]N|N%',
  'max-unavailable': 'N|N%',
  'max-failed': 'N|N%',
  pause: 'SPAN',
  canary: '[=N]',
  'when-online': 'SPAN',
  out: 'FILE',
  from: 'FILE',
  head: 'HASH',
  to: 'NAME',
  allow: 'ACTION,...',
  expires: 'SPAN',
  'max-uses': 'N',
  rate: 'N/SPAN',
  args: 'RULES',
  nodes: 'MEMBER,...',
  lease: 'SPAN',
  'invite-expires': 'SPAN',
  reason: 'TEXT',
  run: 'COMMAND',
  check: 'CHECK',
  'check-timeout': 'SECONDS',
  app: 'NAME',
  'app-version': 'VERSION',
  env: 'NAME=VALUE',
  directory: 'FOLDER',
  user: 'USER',
  group: 'GROUP',
  platform: 'PLATFORM',
  migration: 'KIND',
  provenance: 'NAME=TEXT',
  sign: 'FILE',
  key: 'FILE',
  confirm: 'SPAN',
  machines: 'FILE',
  name: 'NAME',
  labels: 'KEY=TEXT,...',
  give: 'SERVICE,...',
  'for-key': 'FINGERPRINT',
  sort: 'ORDER',
  for: 'SPAN',
};
