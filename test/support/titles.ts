/** Titles of tests as their sources have them, and under which conditions those run. */
import { parseAst } from 'rolldown/parseAst';
import { isNode, type Node } from './syntax.ts';

/** A test of a source. */
export interface Titled {
  /** As it is written: of a template with what it puts in. */
  readonly title: string;
  /** What has it not run: `skip`, `todo`, `fails`, or what `skipIf` and `runIf` are given, as `isAlone` and `!isRoot`. */
  readonly unless: readonly string[];
}

/** Each call of `it` and `test` with a title, and what it is in. A comment, and a text elsewhere, is no test. */
export const titlesIn = (source: string): readonly Titled[] => {
  const found: Titled[] = [];
  const textOf = ({ start, end }: Node): string => source.slice(start, end);
  /** `it.skipIf(a).each(b)` is `it` unless `a`. */
  const calledBy = (called: Node): Titled => {
    const { callee, tag, object, property, arguments: given } = called;
    const of = [callee, tag, object].find(isNode);
    if (of === undefined) return { title: textOf(called), unless: [] };
    const { title, unless } = calledBy(of);
    const word = isNode(property) ? textOf(property) : '';
    if (/^(skip|todo|fails)$/.test(word)) return { title, unless: [...unless, word] };
    const by = isNode(of['property']) ? textOf(of['property']) : '';
    const [condition] = (Array.isArray(given) ? given : []).filter(isNode).map(textOf);
    if (condition === undefined || !/^(skipIf|runIf)$/.test(by)) return { title, unless };
    return { title, unless: [...unless, by === 'skipIf' ? condition : `!(${condition})`] };
  };
  const walk = (value: unknown, above: readonly string[]): void => {
    if (Array.isArray(value)) return value.forEach((each) => walk(each, above));
    if (!isNode(value)) return;
    const { callee, arguments: given } = value;
    const [first] = Array.isArray(given) ? (given as unknown[]) : [];
    let all = above;
    if (value.type === 'CallExpression' && isNode(callee) && isNode(first)) {
      const { title: called, unless } = calledBy(callee);
      if (/^(it|test|describe)/.test(called)) all = [...above, ...unless];
      if (/^(it|test)$/.test(called) && /^(Literal|TemplateLiteral)$/.test(first.type))
        found.push({ title: titleOf(first, textOf(first)), unless: all });
    }
    for (const [key, inner] of Object.entries(value)) if (key !== 'callee') walk(inner, all);
    if (all === above) walk(callee, above);
  };
  walk(parseAst(source, { lang: 'ts' }), []);
  return found;
};
const titleOf = ({ value }: Node, text: string): string =>
  typeof value === 'string' ? value : text.slice(1, -1);
