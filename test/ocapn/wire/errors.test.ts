import { ActorError } from '@bellwether/actors';
import { expect, test } from 'vitest';
import { Decode, Encode, Forged, Limit } from '../../../packages/ocapn/src/errors.ts';

test.each([
  [Decode, 'decode', 'Decode'],
  [Encode, 'encode', 'Encode'],
  [Limit, 'limit', 'Limit'],
  [Forged, 'forged', 'Forged'],
] as const)('%o is an ActorError with a stable code', (Class, code, name) => {
  const cause = new Error('deeper');
  const error = new Class('what happened', { cause });
  expect(error).toBeInstanceOf(ActorError);
  expect({ ...error, name: error.name, message: error.message, cause: error.cause }).toMatchObject({
    code,
    name,
    message: 'what happened',
    cause,
  });
});
