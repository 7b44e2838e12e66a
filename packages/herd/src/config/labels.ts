/** Labels, and what picks services out by them, as a configuration may say them. */
import {
  isLabelKey,
  isLabelValue,
  labelWords,
  limits,
  parseSelector,
  selectorText,
} from '@bellwether/shepherd';
import * as z from 'zod';
import { unlessThrown } from './record.ts';

/** Texts by their keys; absent: none. */
export const labels = z
  .record(
    z.string().refine(isLabelKey, `is no key of a label: those have ${labelWords}`),
    z.string().refine(isLabelValue, `expected ${labelWords}; or nothing, as in { canary: '' }`),
    "expected texts by their keys, as in { role: 'web' }",
  )
  .refine(
    (all) => Object.keys(all).length <= limits.labelCount,
    `has over ${limits.labelCount} labels`,
  )
  .optional();

/** A selector, without the blanks in it. */
export const selector = z
  .string()
  .transform((text, context) => unlessThrown(context, () => selectorText(parseSelector(text))));
