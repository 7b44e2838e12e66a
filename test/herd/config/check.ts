/**
 * Configurations that are checked without being loaded: entry N counts as standing on line N + 3.
 */
import * as bellwether from '../../../packages/bellwether/src/index.ts';
import { checkConfig } from '../../../packages/herd/src/config/check-config.ts';
import { ConfigError } from '../../../packages/herd/src/config/config-error.ts';
import type { Description } from '../../../packages/herd/src/config/schema.ts';

const { describe, ...constructors } = bellwether;
/**
 * What an expression over the constructors means; text, since the types would refuse what is
 * tested.
 */
const valueOf = (expression: string): unknown => {
  const make = new Function(...Object.keys(constructors), `return ${expression};`);
  return describe({ default: make(...Object.values(constructors)) as unknown }).value;
};

const siteOf = ([, index]: readonly PropertyKey[]) => ({
  file: 'config.ts',
  line: typeof index === 'number' ? index + 3 : 2,
});
/** The description of a configuration that is given as an expression. */
export const taken = (expression: string): Description =>
  checkConfig(valueOf(expression), { file: '/srv/config.ts', siteOf, nodeName: 'here' });

/** The message of the refusal. */
export const refusalOfWhole = (expression: string): string => {
  try {
    taken(expression);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was taken');
};
/** The same for a list of services. */
export const refusalOfServices = (services: string): string =>
  refusalOfWhole(`defineShepherd({ services: [${services}] })`);
