/**
 * The graph of services in the language of Graphviz. Title, shapes and colours are GNU's: a circle is
 * a one-shot, a diamond a timer, green runs, purple is stopped, red has failed, gray is in between. Fleets, unknown
 * stages and names that are not registered are ours; GNU's `herd graph` ends at such a name.
 */
import type { Stage, Status } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { isUnwell } from './health.ts';

/** Plain data, as `--json` prints it. */
export interface ServiceGraph {
  readonly services: readonly {
    readonly name: string;
    /** Absent: required by something, and not registered. */
    readonly stage?: Stage;
    readonly isOneShot: boolean;
    readonly isFailing: boolean;
    readonly isFleet: boolean;
    readonly isTimer?: true;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly kind: 'requirement' | 'member';
  }[];
}

/** The graph of some services; names that lead to none are nodes without a stage. */
export const graphOf = (statuses: readonly Status[]): ServiceGraph => {
  const canonical = new Map(
    statuses.flatMap(({ provision }) => provision.map((name) => [name, provision[0] ?? name])),
  );
  const known = statuses.map((status) => ({
    name: status.provision[0] ?? '',
    stage: status.stage,
    isOneShot: status.isOneShot,
    isFailing:
      status.kind === 'fleet'
        ? isUnwell(status)
        : status.failure !== undefined && status.stage === 'stopped',
    isFleet: status.kind === 'fleet',
    ...(status.kind !== 'fleet' && status.timer !== undefined && { isTimer: true as const }),
  }));
  const edges = statuses.flatMap((status) => {
    const from = status.provision[0] ?? '';
    const members = status.kind === 'fleet' ? status.members.map(({ name }) => name) : [];
    const to = (kind: 'requirement' | 'member') => (name: string) => ({
      from,
      to: canonical.get(name) ?? name,
      kind,
    });
    return [...status.requirement.map(to('requirement')), ...members.map(to('member'))];
  });
  const missing = new Set(edges.map(({ to }) => to).filter((name) => !canonical.has(name)));
  const unregistered = [...missing].map((name) => ({
    ...{ name, isOneShot: false, isFailing: false, isFleet: false },
  }));
  return { services: [...known, ...unregistered], edges };
};

const colours: Readonly<Record<Stage, string>> = {
  running: 'green',
  stopped: 'purple',
  starting: 'gray',
  stopping: 'gray',
  unknown: 'orange',
};

/** The graph as lines of DOT; every service leads to the shepherd itself, as GNU draws it. */
export const dotLines = ({ services, edges }: ServiceGraph): readonly string[] => [
  'digraph "Service Graph" {',
  '  "root" [shape = box, color = green, fontcolor = black, style = solid];',
  ...services.map((one) => `  ${quoted(one.name)} [${attributesOf(one)}];`),
  ...services.map(({ name }) => `  ${quoted(name)} -> "root";`),
  ...edges.map(
    ({ from, to, kind }) =>
      `  ${quoted(from)} -> ${quoted(to)}${kind === 'member' ? ' [style = bold]' : ''};`,
  ),
  '}',
];

/** The colour of a service, also elsewhere than in DOT. */
export const colourOf = ({ stage, isFailing }: ServiceGraph['services'][number]): string =>
  isFailing || stage === undefined ? 'red' : colours[stage];

const attributesOf = (one: ServiceGraph['services'][number]): string => {
  if (one.stage === undefined) return 'shape = box, color = red, fontcolor = red, style = dotted';
  const shape = shapeOf(one);
  const colour = colourOf(one);
  const fontcolor = colour === 'green' ? 'black' : colour;
  return `shape = ${shape}, color = ${colour}, fontcolor = ${fontcolor}, style = solid`;
};

const shapeOf = ({ isFleet, isTimer, isOneShot }: ServiceGraph['services'][number]): string => {
  if (isFleet) return 'folder';
  if (isTimer === true) return 'diamond';
  return isOneShot ? 'circle' : 'box';
};

/** A string of DOT: only the quote and the backslash before it mean something in it. */
const quoted = (text: string): string =>
  `"${visible(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
