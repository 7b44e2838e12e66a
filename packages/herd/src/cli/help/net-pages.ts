/** The pages of what a shepherd sees of its network. */
import type { Page } from './page.ts';

/** By action. */
export const netPages: Readonly<Record<string, Page>> = {
  net: {
    text:
      'Shows whom your shepherd is connected with: the name of the session, which is the same at both ends; who is ' +
      'there, by the names that you have for the key that was proved; how it stands; since when, and when something ' +
      'came last; how many questions wait for an answer, and for how long the oldest; exports, imports and answers; ' +
      'bytes and messages each way. Then whom it dials, when next, and why the last try failed. With SESSION, its ' +
      'beginning, or what its peer is called here, also by a petname, it tells everything about one. Many sessions ' +
      'of peers without a name are one line, unless --all is given. Only the owner of the shepherd sees this: no ref ' +
      'and no grant leads here.',
    examples: [
      ['herd net', 'all connections, oldest first'],
      ['herd net --sort questions', 'those first whose oldest question is oldest'],
      ['herd net web-07', 'everything about the one with that machine'],
      ['herd net --watch', 'drawn anew every two seconds'],
    ],
  },
  'net trace': {
    text:
      'Shows what is said on one session from now on, for 30 s or as long as --for says, up to 10m: each message ' +
      'decoded, with its name, which is the same at both ends, and what its arguments are made of. Texts and bytes ' +
      'are never shown, only how long they are, since a secret is one of these, and nothing tells it from others. ' +
      '--values adds numbers, symbols and the names of fields. Messages that come faster than they are taken are ' +
      'left out, and counted where they are missing. The audit notes that somebody has looked. A session is traced ' +
      'by one at a time, and eight of them at once; whoever is refused is told why, with exit code 1.',
    examples: [
      ['herd net trace s-k7qm2xzf --for 10s', 'lengths and shapes'],
      ['herd net trace web-07 --values', 'with the names of fields'],
      ['herd net trace web-07 --json', 'each message as a line of JSON'],
    ],
  },
  'net events': {
    text:
      'The last turns of your shepherd, and the messages that its sessions got and sent. Each turn says what caused ' +
      'it: another turn, or a message; each message which turn sent it. A message is called s-k7qm2xzf/d17: the 17th ' +
      'that the end has sent that dialled (a: the other end). It has that name at both ends, so what happens here is ' +
      'found there. With a SESSION, named as for herd net, or the name of a message, what belongs to it alone.',
    examples: [
      ['herd net events', 'the last 40'],
      ['herd net events -n 500 --json', 'more of them, as data'],
      ['herd net events s-k7qm2xzf/d17', 'one message, what sent it and what it caused'],
    ],
  },
};
