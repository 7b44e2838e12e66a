/** How a service came to be as it is, for its owner: who wished so, and what is under way with it. */
import type { Turn } from '@bellwether/actors';
import { limits } from '../../limits.ts';
import { entryOf } from '../kept/ledger.ts';
import { openIn, type Operation } from '../kept/memory.ts';
import { isOver } from '../outcomes.ts';
import { lastWish } from '../wishes.ts';
import type { Host } from '../host.ts';
import type { Commanded, Grounds, UnderWay } from '../../words/machine-types.ts';
import type { Wisher } from '../../words/types.ts';

/** What is remembered of a service, by its canonical name. */
export const groundsOf = (host: Host, _turn: Turn, name: string): Grounds => {
  const { wish, by } = lastWish(host, name) ?? {};
  const underWay = openIn(host.memory).flatMap((operation) => partsOf(operation, name));
  return {
    ...(wish !== undefined && { wish }),
    ...(by !== undefined && { by: commanded(host, by) }),
    underWay: underWay.slice(0, limits.groundsCount),
  };
};

const commanded = (host: Host, { asker, operation, atMs }: Wisher): Commanded => {
  const entry = entryOf(host.ledger, asker, operation);
  return {
    ...{ asker, operation, atMs },
    ...(entry !== undefined && { action: entry.action, service: entry.service }),
  };
};

const partsOf = (operation: Operation, name: string): readonly UnderWay[] =>
  [...operation.steps.values()].flatMap(({ step, phase }): readonly UnderWay[] => {
    if (step.kind !== 'ask' || step.name !== name) return [];
    if (phase !== 'waiting' && phase !== 'acting' && phase !== 'queued') return [];
    const waitsFor = step.after.flatMap((key) => {
      const other = isOver(operation, key) ? undefined : operation.steps.get(key);
      return other === undefined || other.step.name === name ? [] : [other.step.name];
    });
    const { principal: asker, id } = operation;
    const first = [...new Set(waitsFor)].slice(0, limits.groundsCount);
    return [{ asker, operation: id, action: step.action, phase, waitsFor: first }];
  });
