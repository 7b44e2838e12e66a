/** `herd doc`, in all its forms. */
import { shown } from './shown.ts';
import { unspecified } from './asked.ts';
import { sym } from './wire/datum.ts';
import type { GnuReply } from './wire/request.ts';

/** What there is to tell. */
export interface GnuDocumented {
  readonly name: string;
  readonly documentation: string;
  readonly actions: readonly { readonly name: string; readonly documentation: string }[];
}

/** `words`: what follows the name of the service. */
export const docMessages = (
  [keyword, ...names]: readonly string[],
  { name, documentation, actions }: GnuDocumented,
): GnuReply => {
  const told = (messages: readonly string[]): GnuReply => ({
    result: unspecified,
    messages: messages.flatMap((text) => text.split('\n')).map(shown),
  });
  switch (keyword) {
    case undefined:
    case 'full':
    case 'short':
      return told([documentation === '' ? '[No description].' : documentation]);
    case 'list-actions':
      return told(actions.flatMap((one) => [`${one.name}:`, `  ${one.documentation}`, '']));
    case 'action': {
      const unknown = names.find((one) => !actions.some((action) => action.name === one));
      if (unknown !== undefined) {
        const error = { kind: 'action-not-found', action: unknown, service: sym(name) } as const;
        return { result: false, error };
      }
      const found = names.flatMap((one) => actions.filter((action) => action.name === one));
      return told(found.map((action) => `${action.name}: ${action.documentation}`));
    }
    default:
      return told(["Unknown keyword.  Try 'herd help'."]);
  }
};
