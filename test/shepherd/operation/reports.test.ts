/** What is told of one operation: as much as an answer has room for, and as much as may be read at once. */
import { World } from '@bellwether/actors';
import { limits, weightOf, type Asker, type Row } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const rub = {
  documentation: '',
  kind: 'command',
  command: { argv: ['rub'] as const },
} as const;

const up = () => {
  const world = new World(3);
  const machine = new Machine(world, 'A', {
    services: [program({ provision: ['web'], actions: { rub } })],
  });
  machine.boot();
  world.run();
  const restart = (): void => {
    machine.crash();
    world.run();
    machine.boot();
    world.run();
  };
  /** The rows of its steps, in memory and as the disk has it. */
  const rowsOf = (operation: string): readonly (readonly (Row | undefined)[])[] =>
    [false, true].map((isRead) => {
      if (isRead) restart();
      const asked = machine.report(operation);
      world.run();
      if (asked.value === undefined) throw asked.error ?? new Error('no answer');
      return asked.value.steps.map(({ row }) => row);
    });
  return { world, machine, restart, rowsOf };
};

describe('a report', () => {
  it('has the rows that one answer has room for, and of further ones how they ended', () => {
    const { world, machine, rowsOf } = up();
    const done = (operation: string, output: readonly string[]): void => {
      machine.processes.runCommand = () => ({ code: 0, output });
      machine.herd('rub', 'web', { operation });
      world.run();
    };
    const weightOfLines = (count: number, characters: number): readonly string[] =>
      Array.from({ length: count }, () => 'x'.repeat(characters));
    done('op-1', []);
    const empty = rowsOf('op-1')[0]?.[0];
    const emptyWeight = weightOf({ ...empty, output: [] });
    const lines = weightOfLines(599, 3_480);
    const restCharacters =
      limits.reportRowWeight - emptyWeight - weightOf(lines) + weightOf([]) - weightOf('');
    expect(restCharacters).toBeLessThan(limits.lineCharacters);
    const last = 'y'.repeat(restCharacters);
    done('op-2', [...lines, last]);
    for (const [row] of rowsOf('op-2')) {
      expect(weightOf(row)).toBe(limits.reportRowWeight);
      expect(row?.output).toHaveLength(600);
    }
    done('op-3', [...lines, `${last}y`]);
    for (const rows of rowsOf('op-3')) expect(rows).toEqual([{ member: 'web', result: 'changed' }]);
  });

  const asks = (count: number, asker: (at: number) => Asker) => {
    const { world, machine, restart } = up();
    // The same id is another operation for each who asks.
    for (const { principal } of Array.from({ length: count }, (_, at) => asker(at))) {
      machine.ask((turn, shepherd) =>
        turn.send(
          shepherd,
          'perform',
          requestOf({ action: 'rub', member: 'web', operation: 'op-1' }),
          machine.printer(turn),
          { principal },
        ),
      );
      world.run();
    }
    restart();
    const asked = Array.from({ length: count }, (_, at) =>
      machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'operation', 'op-1', { ...asker(at), reach: 'own' }),
      ),
    );
    world.run();
    return asked.map(({ error }) => (error as { readonly code?: string } | undefined)?.code);
  };
  const answered = (count: number): readonly undefined[] =>
    Array.from({ length: count }, () => undefined);
  it.each([
    ['one asker', limits.askerReportCount, () => ({ principal: localRoot })],
    [
      'grants that come from one',
      limits.originReportCount,
      (at: number) => ({ principal: principalOf(`g-${at}`), origin: 'g-0' }),
    ],
    [
      'grants',
      limits.grantReportCount,
      (at: number) => ({ principal: principalOf(`g-${at}`), origin: `g-${at}` }),
    ],
    [
      'all',
      limits.reportCount,
      (at: number) => ({ principal: principalOf(String(at).padStart(64, '0')) }),
    ],
  ] as const)('is read for %s %i times at once, and not once more', (_who, count, asker) => {
    expect(asks(count, asker)).toEqual(answered(count));
    expect(asks(count + 1, asker)).toEqual([...answered(count), 'limit']);
  });
});
