/** Names in a configuration: of services and of machines. */
import * as z from 'zod';
import { givenNameForm } from '@bellwether/shepherd';
import { nameChars } from './limits.ts';

/** A name of a service, or of a machine. */
export const name = z
  .string()
  .min(1, 'is empty')
  .max(nameChars, `has more than ${nameChars} characters`)
  .regex(
    givenNameForm,
    "may have letters, digits and _ . + : @ - only, and begins with a letter, a digit or '_'",
  );
