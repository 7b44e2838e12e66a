/** What machines that have joined give, as services of the controller: pure, so that a boot and a change agree. */
import { doubtLabel, givenNameForm, limits, type Labels } from '@bellwether/shepherd';
import type { ExportedSpec } from '../planned.ts';
import type { NodeEntry } from './types.ts';

/** What is not taken in, and why. */
export interface LeftOut {
  /** As it would be called. */
  readonly name: string;
  readonly why: string;
}
/** What one machine gives, at its controller. */
export interface JoinedServices {
  readonly specs: readonly ExportedSpec[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * The proxies of a machine's services, `SERVICE@NODE` each. A name that cannot be one here is left out, and so is a
 * service whose first name is: its machine may call it whatever it likes.
 */
export const joinedServices = (
  entry: Pick<NodeEntry, 'name' | 'labels' | 'door' | 'doubtMs'>,
  services: readonly (readonly string[])[],
): JoinedServices => {
  const { name: node, door } = entry;
  const labels = labelsOf(entry);
  const specs: ExportedSpec[] = [];
  const leftOut: LeftOut[] = [];
  for (const [service = '', ...others] of services) {
    const name = nameAt(service, node);
    if (!isUsable(name)) {
      leftOut.push({ name, why: 'that cannot be the name of a service here' });
      continue;
    }
    const more = others.map((other) => nameAt(other, node)).filter(isUsable);
    specs.push({
      provision: [name, ...more],
      petname: name,
      origin: node,
      requirement: [],
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(door && { gift: door.gift }),
    });
  }
  return { specs, leftOut };
};

/** Those that were given to it, and while nobody knows which machine it is, the one that holds it back. */
const labelsOf = ({ labels, doubtMs }: Pick<NodeEntry, 'labels' | 'doubtMs'>): Labels =>
  doubtMs === undefined
    ? labels
    : Object.fromEntries(
        [[doubtLabel, ''] as const, ...Object.entries(labels)].slice(0, limits.labelCount),
      );

/** The name of a service at a machine; also what the ref to it is called. */
const nameAt = (service: string, node: string): string => `${service}${routeTo(node)}`;
/** What the gift of a machine is called among the daemon's refs. */
export const routeTo = (node: string): string => `@${node}`;

/** As in a configuration: commands that are shown, to be typed, have it in them. */
const isUsable = (name: string): boolean =>
  givenNameForm.test(name) && name.length <= limits.nameCharacters;
