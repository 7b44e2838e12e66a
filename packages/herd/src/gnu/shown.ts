/** Text for a terminal: `herd` prints what it gets. */
import { visible } from '../client/escape.ts';
import { messageCharacters } from './limits.ts';

/** A text within its limit, with what a terminal would obey as what it is. */
export const shown = (text: string): string =>
  visible(text.length > messageCharacters ? `${text.slice(0, messageCharacters)}…` : text);
