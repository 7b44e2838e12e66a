/** The pages of what slots do and herd passes on as it is typed. */
import type { Page } from './page.ts';

/** A page, and what is typed after the action. */
export interface SlotPage extends Page {
  readonly usage: string;
}
const named =
  'RELEASE is its name, or at least six digits of its beginning that no other release of the slot has.';

/** By action. */
export const slotPages: Readonly<Record<string, SlotPage>> = {
  activate: {
    usage: 'SERVICE RELEASE [confirm=SECONDS | no-confirm] [accept-data-loss]',
    text:
      `Switches a slot to a release that is there, as 'herd deploy' does; ${named} It has to be confirmed, ` +
      "by 'herd confirm' where the slot is at this shepherd, unless no-confirm says otherwise.",
    examples: [
      ['herd activate web cd1974eed13d', "of those that 'herd release ls' shows"],
      ['herd activate @web cd1974eed13d confirm=60', 'taken back unless confirmed within a minute'],
    ],
  },
  confirm: {
    usage: 'SERVICE [RELEASE]',
    text: `Keeps the release that was switched to and waits for that; without it the slot goes back. ${named}`,
    examples: [
      ['herd confirm web', 'whatever waits'],
      ['herd confirm @web cd1974eed13d', 'this one alone'],
    ],
  },
  pin: {
    usage: 'SERVICE RELEASE',
    text: `Keeps a release of a slot from being removed. ${named}`,
    examples: [
      ['herd pin web cd1974eed13d', 'for as long as it takes'],
      ['herd pin @web cd1974eed13d', 'where you hold a ref or a grant'],
    ],
  },
  unpin: {
    usage: 'SERVICE RELEASE',
    text: `Lets a release of a slot be removed again. ${named}`,
    examples: [
      ['herd unpin web cd1974eed13d', 'the next prune may have it'],
      ['herd unpin @web cd1974eed13d', 'where you hold a ref or a grant'],
    ],
  },
  prune: {
    usage: 'SERVICE',
    text:
      'Removes the releases of a slot that nobody needs: all but the active, the one before it, those on their way, ' +
      'pinned ones, and the last, as many as the slot keeps. What you have brought for nothing goes, too.',
    examples: [
      ['herd prune web', 'and say which'],
      ['herd prune -l role=web', 'at all slots with this label'],
    ],
  },
  releases: {
    usage: 'SERVICE',
    text: "Shows the releases of a slot, one a line, for programs; 'herd release ls' shows them to people.",
    examples: [
      ['herd releases web', 'with their whole names'],
      ['herd releases @web', 'where you hold a ref or a grant'],
    ],
  },
};
