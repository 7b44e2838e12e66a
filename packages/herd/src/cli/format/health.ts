/** What becomes of an aggregate, and because of whom. */
import type { ShownStatus } from './shown-status.ts';

/** `degraded` or `failed: web-b, web-c and 3 more`; nothing where all is well, or nobody judges. */
export const healthWords = ({ health, blame = [] }: ShownStatus): readonly string[] => {
  if (health === undefined || health === 'ok') return [];
  if (blame.length === 0) return [health];
  const names = blame.slice(0, blamedCount).join(', ');
  const moreCount = blame.length - blamedCount;
  return [`${health}: ${names}${moreCount > 0 ? ` and ${moreCount} more` : ''}`];
};

/** Names that fit on a line with everything else. */
const blamedCount = 3;
