/** The example of an agent that may deploy to one slot. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginExample, cleanExample, leftoversOf, refusals } from '../support/examples.ts';
import { makePlace, type Place } from '../support/programs.ts';

describe('the example deploy-agent', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => cleanExample(place));

  it('deploys two good releases and a bad one, which the machine takes back, and leaves no process behind', async () => {
    const { code, stdout, stderr } = await beginExample(place, 'deploy-agent').ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^Release \w+ has been deployed to @web\.$/gm)).toHaveLength(2);
    expect(stdout).toMatch(/back at web 1 .*\n\(exit code 7\)$/m);
    expect(stdout).toMatch(/^2 pieces, \d+ bytes sent$/m);
    expect(stdout).toMatch(/web +3 .* current$[^]*web +2 .* rejected[^]*web +1 .* previous$/m);
    // Not of the grant: the start without a release, and the deploy that was taken back.
    const denied = refusals(
      stdout.replaceAll(/^herd: error: (failed to start|deploy @web: rolled).*$/gm, ''),
    );
    expect(denied).toEqual([
      expect.stringContaining("does not allow 'stop'"),
      expect.stringMatching(/^rollback @web: .* does not allow 'rollback'/),
      expect.stringMatching(/^deploy @web: .* was revoked/),
    ]);
    expect(leftoversOf(place)).toEqual([]);
  });
});
