/**
 * shepherd.config(5), made of the sources of what a configuration imports: each exported interface with its keys, and
 * each exported type, with the comments that stand before them there.
 */
import { ManPage } from './roff.ts';

/** The page as roff; `sources` are the texts of the modules of the package bellwether. */
export const configPage = (version: string, sources: readonly string[]): string => {
  const page = new ManPage('shepherd.config', '5', version, 'what a shepherd runs');
  page.section('DESCRIPTION');
  page.paragraph(
    'A configuration is a typed module, shepherd.config.ts, .mts, .js or .mjs, whose default export is ' +
      'made by defineShepherd. It is evaluated in a process of its own, to plain data; it has no code that the ' +
      'shepherd runs. herd check says what is wrong with one, herd reload takes over what has changed.',
  );
  page.section('EXAMPLE');
  page.verbatim(example);
  page.section('KEYS');
  page.paragraph('A key with a question mark may be left out. Times are in seconds.');
  for (const { name, about, text, keys } of sources.flatMap(declarationsIn)) {
    page.subsection(name);
    if (about !== '') page.paragraph(about);
    if (keys.length === 0) page.verbatim(text);
    for (const key of keys) page.item(`${key.name}: ${key.type}`, key.about);
  }
  page.section('SEE ALSO');
  page.paragraph('shepherd(8), herd(1)');
  return page.text();
};

const example = `import { defineShepherd, exec, service } from 'bellwether';

export default defineShepherd({
  services: [
    service({ provision: ['networking'] }),
    service({
      provision: ['web-server'],
      requirement: ['networking'],
      start: exec(['node', 'server.js'], { env: { PORT: '8080' } }),
      ready: { http: 'http://127.0.0.1:8080/health' },
      respawn: true,
      autoStart: true,
    }),
  ],
});`;

/** What a module exports of types. */
interface Declaration {
  readonly name: string;
  readonly about: string;
  /** As it stands there. */
  readonly text: string;
  /** Of an interface. */
  readonly keys: readonly {
    readonly name: string;
    readonly type: string;
    readonly about: string;
  }[];
}

/** The exported interfaces and types of a module that prettier has formatted. */
export const declarationsIn = (source: string): readonly Declaration[] => {
  const found: Declaration[] = [];
  // A comment, the line that begins the declaration, and all up to a line that is not indented any more.
  const declaration =
    /(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?export (interface|type) (\w+)([^\n]*(?:\n(?:[ }][^\n]*|))*)/g;
  for (const [, comment = '', kind = '', name = '', rest = ''] of source.matchAll(declaration)) {
    const text = `${kind} ${name}${rest}`.trimEnd();
    found.push({
      name,
      about: plain(comment),
      text,
      keys: kind === 'interface' ? keysIn(rest) : [],
    });
  }
  return found;
};

const keysIn = (body: string): Declaration['keys'] => {
  const key =
    /\n(?: {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n)? {2}readonly (\w+\??):((?: [^\n]*|\n {4,}[^\n]*|\n {2}[}\])][^\n]*)*)/g;
  return [...body.matchAll(key)].map(([, comment = '', name = '', type = '']) => ({
    ...{ name, about: plain(comment) },
    type: type
      .replace(/\/\*\*(?:(?!\*\/)[^])*\*\//g, '')
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/;$/, ''),
  }));
};
const plain = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .filter((line) => line !== '')
    .join(' ');
