import path from 'node:path';
import { afterEach, describe } from 'vitest';
import { openKeeper, type KeeperBackend } from '../../../packages/shepherd/src/node/index.ts';
import { backendSuite } from './backend-suite.ts';
import { isWithoutKeeper, keptFrom, whyNoKeeper } from '../../support/keepers.ts';

describe.skipIf(isWithoutKeeper)(`the backend on the keeper${whyNoKeeper}`, () => {
  const opened: KeeperBackend[] = [];
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });
  backendSuite(async (powers) => {
    const folder = path.join(powers.cwd, `keeper-${opened.length}`);
    const backend = await openKeeper({ ...powers, ...keptFrom(folder) });
    opened.push(backend);
    return backend;
  });
});
