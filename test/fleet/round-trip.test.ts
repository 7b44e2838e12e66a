import { expect, it } from 'vitest';
import { tellStory, type Story } from '../support/fleet-story.ts';
import { overhear, type Overheard } from '../support/fleet-tap.ts';

/** A story whose controller is read along with, but for the operator's own session. */
const tapped = (
  hosts: readonly string[],
): { story: Story; heard: (Overheard & { node: string })[] } => {
  const heard: (Overheard & { node: string })[] = [];
  const story = tellStory(1, {
    hosts,
    tap: (node, netlayer) => overhear(netlayer, (one) => void heard.push({ ...one, node })),
  });
  return { story, heard };
};
const run = (story: Story, action: string, operation: string): number => {
  const begun = story.world.now;
  let doneAt = NaN;
  const asked = story.operator.herd(story.c, action, 'web-server-fleet', { operation });
  while (story.world.step()) {
    if (asked.value === undefined) continue;
    doneAt = story.world.now;
    break;
  }
  expect(asked.value).toMatchObject({ reason: `${story.hosts.length}/${story.hosts.length}` });
  story.world.run(story.world.now + 10_000);
  return doneAt - begun;
};

it('a start on warm sessions is one delivery to each member and one answer back', () => {
  const { story, heard } = tapped(['A', 'B', 'D']);
  run(story, 'stop', 'warm');
  heard.length = 0;
  run(story, 'start', 'counted');
  for (const { name } of story.hosts) {
    // Pings and what observers are told come when their time has come, whatever is asked.
    const here = heard.filter(
      (one) => one.node === name && !['fetch', 'break', 'observed'].includes(one.method ?? ''),
    );
    const performs = here.filter((one) => one.direction === 'in' && one.method === 'perform');
    const answers = here.filter((one) => one.direction === 'out' && one.method === 'fulfill');
    // What the member says while it works are stream frames: they wait for nothing, and nothing
    // waits for them.
    const stream = here.filter((one) => one.direction === 'out' && one.method === 'rows');
    const out = here.filter((one) => one.direction === 'out' && one.label === 'op:deliver');
    expect(performs, name).toHaveLength(1);
    expect(answers, name).toHaveLength(1);
    expect(out, name).toHaveLength(answers.length + stream.length);
    // Until the answer is there, the controller says nothing but the command and its credit for the
    // stream.
    const before = here.slice(
      0,
      here.findIndex((one) => one.direction === 'out' && one.method === 'fulfill'),
    );
    const said = before.filter(
      (one) => one.direction === 'in' && one.label === 'op:deliver' && one.method !== 'fulfill',
    );
    expect(
      said.map(({ label, method }) => `${label} ${method ?? ''}`),
      name,
    ).toEqual(['op:deliver perform']);
  }
});
