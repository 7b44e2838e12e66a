/** `herd doc SERVICE …`. */
import type { Status } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';

/** What is read of a status. */
export type Documented = Pick<Status, 'provision' | 'documentation' | 'actions'>;

/** What a service is for; GNU's words where it does not say. */
export const docLines = ({ documentation }: Documented): readonly string[] =>
  documentation === '' ? ['[No description].'] : documentation.split('\n').map(visible);

/** Its custom actions, one a line, with what each is for. */
export const actionListLines = ({ provision, actions }: Documented): readonly string[] =>
  actions.length === 0
    ? [`Service ${visible(provision[0] ?? '')} has no custom actions.`]
    : actions.map(({ name, documentation }) => `${visible(name)}: ${visible(documentation)}`);

/** What one action is for, or undefined where the service has no such action. */
export const actionDocLine = ({ actions }: Documented, action: string): string | undefined => {
  const found = actions.find(({ name }) => name === action);
  return found === undefined
    ? undefined
    : `${visible(found.name)}: ${visible(found.documentation)}`;
};
