/** The graph of services in the language of Mermaid, as pages and documents take it. Colours are those of dot.ts. */
import { visible } from '../../client/escape.ts';
import { colourOf, type ServiceGraph } from './dot.ts';

type Node = ServiceGraph['services'][number];

/** The graph as lines: thick edges lead to members, dotted boxes are registered nowhere. */
export const mermaidLines = ({ services, edges }: ServiceGraph): readonly string[] => {
  const ids = new Map(services.map(({ name }, at) => [name, `s${at}`]));
  const classes = new Set(services.map(classOf));
  return [
    'flowchart TD',
    ...services.map((one) => `  ${ids.get(one.name) ?? ''}${shapeOf(one)}:::${classOf(one)}`),
    ...edges.map(({ from, to, kind }) => {
      const arrow = kind === 'member' ? '==>' : '-->';
      return `  ${ids.get(from) ?? ''} ${arrow} ${ids.get(to) ?? ''}`;
    }),
    ...[...classes].map((each) =>
      each === 'missing'
        ? '  classDef missing stroke:red,stroke-dasharray:3'
        : `  classDef ${each} stroke:${each}`,
    ),
  ];
};

const classOf = (one: Node): string => (one.stage === undefined ? 'missing' : colourOf(one));

const shapeOf = (one: Node): string => {
  const label = `"${labelOf(one.name)}"`;
  if (one.isFleet) return `[[${label}]]`;
  return one.isOneShot ? `((${label}))` : `[${label}]`;
};
/** Within quotes these mean something to Mermaid, which has codes for them: 'Entity codes to escape characters'. */
const labelOf = (name: string): string =>
  visible(name).replace(/["#&;<>`\\]/g, (each) => `#${each.charCodeAt(0)};`);
