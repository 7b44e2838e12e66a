/** A facet in front of a shepherd that has a bug: whoever asks hears of it, and the daemon goes on. */
import {
  World,
  type Answer,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import {
  limits,
  makeServiceFacet,
  type ServiceFacet,
  type Shepherd,
  type Status,
} from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import {
  Machine,
  makePrinter,
  program,
  requestOf,
  type Asked,
} from '../../support/shepherd-machine.ts';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const bug = (): never => {
  throw new TypeError('a bug');
};
type Broken = Pick<Shepherd, 'isRegistered' | 'status' | 'probe' | 'perform' | 'foresee'>;
const makeBroken = (
  _turn: Turn<Broken>,
  _bcom: Bcom<Broken>,
  real: Ref<Shepherd>,
): Behavior<Broken> => ({
  isRegistered: () => true,
  status: (turn, name) => turn.call(real, 'status', name),
  probe: bug,
  perform: bug,
  foresee: bug,
});

const request = requestOf({ member: 'web', action: 'start' });
const questions: Readonly<Record<string, (turn: Turn, facet: Ref<ServiceFacet>) => unknown>> = {
  probe: (turn, facet) => turn.send(facet, 'probe', 1_000),
  plan: (turn, facet) => turn.send(facet, 'plan', request),
  perform: (turn, facet) =>
    turn.send(
      facet,
      'perform',
      request,
      turn.spawn(makePrinter, () => undefined),
    ),
};

it.each(Object.keys(questions))('a bug behind %s breaks the answer and halts nothing', (name) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services: [program({ provision: ['web'] })] });
  machine.boot();
  world.run();
  const asked = machine.ask((turn, real) => {
    const shepherd = turn.spawn(makeBroken, real) as unknown as Ref<Shepherd>;
    const facet = turn.spawn(makeServiceFacet, {
      shepherd,
      name: 'web',
      principal: principalOf('holder'),
    });
    return questions[name]?.(turn, facet);
  });
  world.run();
  expect(asked.error?.message).toBe('a bug');
  expect(machine.isUp).toBe(true);
});

type Silent = Pick<Shepherd, 'isRegistered' | 'status' | 'probe'>;
const makeSilent = (
  _turn: Turn<Silent>,
  _bcom: Bcom<Silent>,
  real: Ref<Shepherd>,
  asked: (answer: Answer) => void,
): Behavior<Silent> => ({
  isRegistered: () => true,
  status: (turn, name) => turn.call(real, 'status', name),
  probe: (turn) => turn.ask<Status>(asked),
});

it(`only ${limits.askerProbeCount} questions of one asker are under way, beyond it hears what is known`, () => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services: [program({ provision: ['web'] })] });
  machine.boot();
  world.run();
  const answers: Answer[] = [];
  const made = machine.ask((turn, real) => {
    const asked = (answer: Answer): void => void answers.push(answer);
    const shepherd = turn.spawn(makeSilent, real, asked) as unknown as Ref<Shepherd>;
    return {
      facet: turn.spawn(makeServiceFacet, {
        shepherd,
        name: 'web',
        principal: principalOf('holder'),
      }),
    };
  });
  world.run();
  const probe = (): Asked<Status> => {
    const asked = machine.ask((turn) => {
      if (made.value === undefined) throw new Error('no facet');
      return turn.send(made.value.facet, 'probe', 60_000, ['a', 'b']);
    });
    world.run();
    return asked;
  };
  const open = Array.from({ length: limits.askerProbeCount }, probe);
  expect(answers).toHaveLength(limits.askerProbeCount);
  expect(open.some(({ value }) => value !== undefined)).toBe(false);
  expect(probe().value).toMatchObject({ provision: ['web'], stage: 'stopped' });
  expect(answers).toHaveLength(limits.askerProbeCount);
  answers[0]?.broken(new Error('gone'));
  world.run();
  expect(probe()).toEqual({});
  expect(answers).toHaveLength(limits.askerProbeCount + 1);
});
