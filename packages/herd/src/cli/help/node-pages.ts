/** The pages of machines that join a controller. */
import type { Page } from './page.ts';

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
      [
        'herd node invite --name web-07 --for-key abcd-efgh-ijkl-mnop-qrst --out web-07.join',
        "good for nobody else, if it is stolen: 'shepherd key' on the machine shows its key",
      ],
    ],
  },
  'node ls': {
    text:
      'The machines that have joined this controller, and those that are invited to: whether there is contact, how ' +
      'many services each gives, its key, its labels. ALERT stands below where two machines have come with one ' +
      'invite: ' +
      'one of them is not yours. If that is soon after the first one has joined, it is in doubt: out of ' +
      'selectors and of ' +
      'fleets by label, and nothing is started or deployed there, also by name. What runs goes on, and can be stopped.',
    examples: [
      ['herd node ls', 'all of them'],
      ['herd node ls -l role=web', 'those with that label'],
      ['herd node ls --json', 'as data'],
    ],
  },
  'node rm': {
    text:
      'Forgets a machine, or an invite that nobody has used: its services are not here any more, and what it had ' +
      'given is taken back there, at once where it is reached, else when it calls. What runs there goes on.',
    examples: [
      ['herd node rm web-07', 'for good'],
      ['herd node rm -l role=old --dry-run', 'what would be forgotten of those with that label'],
    ],
  },
  'node label': {
    text:
      'Gives a machine labels, or takes them away: what is not named stays. Selectors and fleets that follow ' +
      'labels have ' +
      'it so at once; the machine itself shows it at its next contact.',
    examples: [
      ['herd node label web-07 role=db canary', 'another role, and one more'],
      ['herd node label web-07 canary-', 'without that one'],
      ['herd node label web-07 role=db --dry-run', 'which labels it would have'],
    ],
  },
  'node approve': {
    text:
      "Says that the key under this name is that of the right machine: compare it with what 'shepherd key' " +
      'shows there. ' +
      'A machine that was in doubt is as before, its alerts are gone, and no other machine can put it in doubt ' +
      'again. ' +
      "If it is not the right one: 'herd node rm NODE'.",
    examples: [
      ['herd node approve web-07', 'shows its key, and asks'],
      ['herd node approve web-07 --for-key abcd-efgh-ijkl-mnop-qrst', 'only if it has this one'],
      ['herd node approve web-07 --dry-run', 'which key that would be'],
    ],
  },
  'node rekey': {
    text:
      'Makes another invite for a machine that is known, or was invited: for one that was installed anew and has ' +
      'another key, and for an invite that was lost. The key that the machine has now is good until another one ' +
      'takes its place, since what runs there is to be reached until then; of a machine in doubt it is out at once. ' +
      "For one that is lost or stolen: 'herd node rm'. With --labels it has these from now on.",
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
      'those that --give names; by the same invite once more, what it gave stays unless something is said. A ' +
      'machine that listens on no network, or with --dial-out, is reached over the ' +
      'connection that it keeps to its controller alone; refs to it for others lead nowhere.',
    examples: [
      ['herd node join < web-07.join', 'give all services'],
      ['herd node join --from web-07.join --give web-server', 'give one'],
      ['herd node join --from web-07.join --dry-run', 'whose invite it is; it stays unused'],
    ],
  },
  'node give': {
    text:
      "Changes what a controller may use of this machine, without an invite: the same as 'shepherd give'. What " +
      'it may not ' +
      'use any more is taken back at once. Of several controllers one is named.',
    examples: [
      ['herd node give web-server,web-metrics', 'these, and no others'],
      ['herd node give all', 'all of the configuration, also those to come'],
      ['herd node give --dial-out', 'the same services; it is not to be dialled'],
      ['herd node give web-server --dry-run', 'what it has now, and would have'],
    ],
  },
  'node key': {
    text:
      "Shows the key of this machine, which it was born with: the same as 'shepherd key'. It is no secret. At " +
      'a controller ' +
      "'herd node invite --for-key' makes an invite that is good for this machine alone, and 'herd node ls' " +
      'shows the key ' +
      'of each machine that has joined.',
    examples: [
      ['herd node key', 'for people'],
      ['herd node key --json', 'as data'],
    ],
  },
  'node leave': {
    text:
      "Takes back what a controller was given, at once, and forgets it: the same as 'shepherd leave'. What runs " +
      'goes on. Of several controllers one is named, by what it calls itself or by the beginning of its key, ' +
      'of at least 4 characters. On a terminal you are asked.',
    examples: [
      ['herd node leave', 'the only one'],
      ['herd node leave control --yes', 'one of several, without being asked'],
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
