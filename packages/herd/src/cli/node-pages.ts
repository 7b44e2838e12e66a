/** The pages of machines that join a controller. */
import type { Page } from './pages.ts';

/** By action. */
export const nodePages: Readonly<Record<string, Page>> = {
  'node invite': {
    text:
      'Makes an invite by which a machine joins this controller: a secret that is good for 15 minutes, or as long ' +
      'as --expires says, and for the first machine that uses it. Bring it there by any way that you trust, and type ' +
      "there 'shepherd join < FILE'. Then the services that the machine gives are here, as SERVICE@NAME, with its " +
      'labels; they are started, stopped, watched and granted like any others. Standard output takes the invite ' +
      'where that is no terminal; --out writes a file of your own.',
    examples: [
      [
        'herd node invite --name web-07 --labels role=web --expires 15m --out web-07.join',
        'into a file',
      ],
      ['herd node invite --name web-07 --reveal', 'onto the screen'],
    ],
  },
  'node ls': {
    text:
      'The machines that have joined this controller, and those that are invited to: whether there is contact, how ' +
      'many services each gives, its key, its labels. ALERT stands below where another machine has tried to use an ' +
      'invite that was used already.',
    examples: [
      ['herd node ls', 'all of them'],
      ['herd node ls --json', 'as data'],
    ],
  },
  'node rm': {
    text:
      'Forgets a machine, or an invite that nobody has used: its services are not here any more, and what it had ' +
      'given is taken back there, at once where it is reached, else when it calls. What runs there goes on.',
    examples: [
      ['herd node rm web-07', 'for good'],
      ['herd node rm web-07 --dry-run', 'what would be forgotten'],
    ],
  },
  'node rekey': {
    text:
      'Makes another invite for a machine that is known, or was invited: for one that was installed anew and has ' +
      'another key, and for an invite that was lost. The key that the machine has now is good until another one ' +
      'takes its place.',
    examples: [
      ['herd node rekey web-07 --out web-07.join', 'into a file'],
      ['herd node rekey web-07 --expires 1h --reveal', 'onto the screen, for an hour'],
    ],
  },
  'node join': {
    text:
      "Has this machine join a controller, by an invite from standard input or a file: the same as 'shepherd join'. " +
      'The shepherd here has to run: it proves its own key, and nobody but the controller of that invite is told ' +
      'anything. The controller may use all services of the configuration from then on, those to come included, or ' +
      'those that --give names. A machine that listens on no network, or with --dial-out, is reached over the ' +
      'connection that it keeps to its controller alone; refs to it for others lead nowhere.',
    examples: [
      ['herd node join < web-07.join', 'give all services'],
      ['herd node join --from web-07.join --give web-server', 'give one'],
    ],
  },
  'node leave': {
    text:
      "Takes back what a controller was given, at once, and forgets it: the same as 'shepherd leave'. What runs " +
      'goes on. Of several controllers one is named, by what it calls itself or by the beginning of its key.',
    examples: [
      ['herd node leave', 'the only one'],
      ['herd node leave control', 'one of several'],
    ],
  },
  'node home': {
    text: "The controllers that this machine has joined, or is about to: the same as 'shepherd home'.",
    examples: [
      ['herd node home', 'for people'],
      ['herd node home --json', 'as data'],
    ],
  },
};
