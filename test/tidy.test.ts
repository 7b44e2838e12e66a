/**
 * The house rules that a machine can check. Read this first: the import table is the architecture.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';
import { isNode, type Node } from './support/syntax.ts';

/** Who may import whom: workspace to the packages that it may name, `node` for Node's own modules. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/actors': [],
  'packages/ocapn': ['@bellwether/actors', '@noble/ed25519', '@noble/hashes'],
  'packages/authority': ['@bellwether/actors', '@bellwether/ocapn'],
  'packages/shepherd': ['@bellwether/actors'],
  'packages/shepherd/src/node': ['@bellwether/actors', 'node'],
  'packages/deploy': [
    '@bellwether/actors',
    '@bellwether/authority',
    '@bellwether/ocapn',
    '@bellwether/shepherd',
  ],
  'packages/deploy/src/node': [
    '@bellwether/actors',
    '@bellwether/authority',
    '@bellwether/ocapn',
    '@bellwether/shepherd',
    'node',
  ],
  'packages/store': [
    '@bellwether/actors',
    '@bellwether/authority',
    'classic-level',
    'cbor-x',
    'node',
  ],
  'packages/fleet': [
    '@bellwether/actors',
    '@bellwether/authority',
    '@bellwether/ocapn',
    '@bellwether/shepherd',
  ],
  'packages/bellwether': [],
  'packages/keeper': [],
  'packages/herd': ['@bellwether/', 'bellwether', 'node', 'esbuild', 'yargs', 'zod'],
  'packages/herd/src/gnu/wire': ['@bellwether/actors'],
  'netlayers/memory': ['@bellwether/ocapn'],
  'netlayers/stream': ['@bellwether/ocapn', 'node'],
  'netlayers/unix': ['@bellwether/ocapn', '@bellwether/netlayer-stream', 'node'],
  'netlayers/tcp-tls': ['@bellwether/ocapn', '@bellwether/netlayer-stream', 'node'],
  'netlayers/tcp-testing-only': ['@bellwether/ocapn', '@bellwether/netlayer-stream', 'node'],
  'netlayers/websocket': ['@bellwether/ocapn', '@bellwether/netlayer-stream', 'ws', 'node'],
  'netlayers/websocket/src/browser': ['@bellwether/ocapn'],
};
/** Of the folders of a workspace, from the top floor down, what each may not reach into: all that stand above it. */
const floors = (
  workspace: string,
  folders: readonly string[],
): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(folders.map((name, at) => [`${workspace}/src/${name}`, folders.slice(0, at)]));
/** Folders of their own workspace that those in a folder may not reach into: what stands on them. */
const mayNotReach: Readonly<Record<string, readonly string[]>> = {
  ...floors('packages/herd', [
    'man',
    'daemon',
    'gnu',
    'cli',
    'import',
    'client',
    'places',
    'config',
    'store',
    'refs',
  ]),
  ...floors('packages/ocapn', [
    'router',
    'handoff',
    'trace',
    'session',
    'identity',
    'wire',
    'syrup',
  ]),
  ...floors('packages/deploy', ['node', 'carrier', 'slot', 'release']),
  ...floors('packages/shepherd', [
    'node',
    'shepherd',
    'facet',
    'operation',
    'chores',
    'service',
    'timer',
    'streams',
    'checks',
    'words',
  ]),
  // Within operation/; what lies directly in it is above all of these, or below.
  ...floors('packages/shepherd', [
    'node',
    'shepherd',
    'facet',
    'operation/told',
    'operation/kept',
    'operation/plan',
  ]),
  // Within cli/; what lies directly in it is below.
  ...floors('packages/herd', [
    'man',
    'daemon',
    'gnu',
    'cli/commands',
    'cli/complete',
    'cli/help',
    'cli/deploy',
    'cli/operation',
    'cli/format',
    'cli/terminal',
    'cli/grammar',
  ]),
  // What all commands stand on; main.ts, which begins, and what it asks stand above them.
  ...Object.fromEntries(
    ['context', 'limits', 'report', 'restarting'].map((name) => [
      `packages/herd/src/cli/${name}.ts`,
      [
        'man',
        'daemon',
        'gnu',
        ...['commands', 'complete', 'help', 'deploy', 'operation', 'format'].map(
          (folder) => `cli/${folder}`,
        ),
      ],
    ]),
  ),
  // What these two stand on is less than what lies below them.
  'packages/shepherd/src/node': [
    'shepherd',
    'facet',
    'operation',
    'chores',
    'service',
    'streams',
    'checks',
  ],
  'packages/shepherd/src/facet': [
    'node',
    'shepherd',
    'operation',
    'chores',
    'service',
    'timer',
    'streams',
  ],
  'packages/fleet/src/aggregate': ['reach', 'exported', 'granted', 'nodes', 'net', 'root'],
  'packages/fleet/src/reach': ['aggregate', 'exported', 'granted', 'nodes', 'net', 'root'],
  'packages/fleet/src/exported': ['aggregate', 'granted', 'nodes', 'net', 'root'],
  'packages/fleet/src/granted': ['exported', 'nodes', 'net', 'root'],
  'packages/fleet/src/nodes': ['aggregate', 'exported', 'granted', 'net', 'root'],
  'packages/fleet/src/net': ['aggregate', 'exported', 'granted', 'root'],
};
/** What lies directly in src/ of a workspace with folders stands below all of them; but these, which put it together. */
const onTop = new Set(['index.ts', 'herd.ts', 'shepherd.ts', 'depot-worker.ts']);
/** Folders of its workspace that a file may not reach into. */
const closedTo = (file: string, home: string): readonly string[] => {
  if (path.dirname(file) !== `${home}/src`) return ruleFor(mayNotReach, file) ?? [];
  const isOfFloors = Object.keys(mayNotReach).some((key) => key.startsWith(`${home}/src/`));
  if (!isOfFloors || onTop.has(path.basename(file))) return [];
  const inside = fs.readdirSync(path.join(root, home, 'src'), { withFileTypes: true });
  return inside.filter((entry) => entry.isDirectory()).map(({ name }) => name);
};
/**
 * Lines of code (neither blank nor comment) that a workspace may have before somebody has to ask why: what there was when
 * they were last set, and 5 %.
 */
const budgetLines: Readonly<Record<string, number>> = {
  'packages/actors': 2_620,
  'packages/ocapn': 7_500,
  'packages/shepherd': 20_950,
  'packages/authority': 2_150,
  'packages/deploy': 6_280,
  'packages/store': 3_040,
  'packages/fleet': 9_435,
  'packages/bellwether': 680,
  'packages/keeper': 4_180,
  'packages/herd': 25_600,
  'netlayers/memory': 610,
  'netlayers/stream': 750,
  'netlayers/unix': 540,
  'netlayers/tcp-tls': 615,
  'netlayers/tcp-testing-only': 120,
  'netlayers/websocket': 1_270,
};
const maxFileLines = 500;
const maxFunctionLines = 70;
const maxLineColumns = 120;
/** Powers that are handed in everywhere but at the composition root and in Node's own folders. */
const ambient =
  /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|queueMicrotask|console\.|process\.|globalThis\.|new Date\(\))/;
const mayBeAmbient = [
  'packages/herd',
  'packages/shepherd/src/node',
  'netlayers/stream',
  'netlayers/unix',
  'netlayers/tcp-tls',
  'netlayers/tcp-testing-only',
  'netlayers/websocket',
];

const root = path.resolve(import.meta.dirname, '..');
const filesUnder = (folder: string, form = /\.ts$/): string[] =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && form.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
const workspaces = ['packages', 'netlayers'].flatMap((group) =>
  fs
    .readdirSync(path.join(root, group))
    .map((name) => `${group}/${name}`)
    .filter((folder) => fs.existsSync(path.join(root, folder, 'src'))),
);
const sources = workspaces.flatMap((folder) => filesUnder(`${folder}/src`));
/** The keeper is held to the sizes of all other sources, and to nothing else that is said here. */
const inC = filesUnder('packages/keeper/src', /\.[ch]$/);
const textOf = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
/** Lines that are neither blank nor within a comment. */
const codeLineCount = (file: string): number =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
/** The most specific entry of a table whose key the file lies under, or is. */
const ruleFor = <T>(table: Readonly<Record<string, T>>, file: string): T | undefined =>
  Object.entries(table)
    .filter(([key]) => file === key || file.startsWith(`${key}/`))
    .sort(([a], [b]) => b.length - a.length)[0]?.[1];

/** Visits every node, with the nodes around it, innermost last. */
const walk = (
  node: Node,
  visit: (node: Node, around: readonly Node[]) => void,
  around: readonly Node[] = [],
): void => {
  visit(node, around);
  const inside = [...around, node];
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) walk(child, visit, inside);
};
const trees = new Map(
  sources.map((file) => [file, parseAst(textOf(file), { lang: 'ts' }) as unknown as Node]),
);
const noTree: Node = { type: 'Program', start: 0, end: 0 };
/** An import or export of which nothing is left where the program runs. */
const isOfTypes = (node: Node): boolean => {
  const specifiers = Array.isArray(node['specifiers']) ? (node['specifiers'] as Node[]) : [];
  return (
    node['importKind'] === 'type' ||
    node['exportKind'] === 'type' ||
    (specifiers.length > 0 && specifiers.every((each) => each['importKind'] === 'type'))
  );
};
const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length;
const isFunction = (node: Node): boolean =>
  ['ArrowFunctionExpression', 'FunctionExpression', 'FunctionDeclaration'].includes(node.type);

/** Complaints of one rule over all sources, as `file:line what`. */
const complaints = (
  rule: (file: string, tree: Node, say: (node: Node, what: string) => void) => void,
): string[] => {
  const found: string[] = [];
  for (const [file, tree] of trees)
    rule(file, tree, (node, what) =>
      found.push(`${file}:${lineOf(textOf(file), node.start)} ${what}`),
    );
  return found;
};

describe('the import table', () => {
  it('knows every workspace', () => {
    expect(workspaces.filter((folder) => mayImport[folder] === undefined)).toEqual([]);
  });
  it('is kept by every import', () => {
    const wrong = complaints((file, tree, say) => {
      const allowed = ruleFor(mayImport, file) ?? [];
      walk(tree, (node) => {
        const source = node['source'];
        if (!isNode(source) || typeof source['value'] !== 'string') return;
        const name = source['value'];
        if (name.startsWith('.')) {
          const target = path.normalize(path.join(path.dirname(file), name));
          const home = workspaces.find((folder) => file.startsWith(`${folder}/`)) ?? '';
          if (!target.startsWith(`${home}/src/`))
            say(node, `imports ${name} past its own workspace`);
          return;
        }
        const asked = name.startsWith('node:') ? 'node' : name;
        const isAllowed = allowed.some(
          (each) => asked === each || asked.startsWith(each.endsWith('/') ? each : `${each}/`),
        );
        if (!isAllowed) say(node, `may not import ${name}`);
      });
    });
    expect(wrong).toEqual([]);
  });
  it('is no circle: no file needs, by values, what needs it, be it later by an import()', () => {
    const needs = (file: string): ReadonlySet<string> => {
      const found = new Set<string>();
      walk(trees.get(file) ?? noTree, (node) => {
        const source = node['source'];
        if (!isNode(source) || typeof source['value'] !== 'string' || isOfTypes(node)) return;
        if (source['value'].startsWith('.'))
          found.add(path.normalize(path.join(path.dirname(file), source['value'])));
      });
      return found;
    };
    const circles: string[] = [];
    const seen = new Set<string>();
    const visit = (file: string, way: readonly string[]): void => {
      const begin = way.indexOf(file);
      if (begin >= 0) circles.push([...way.slice(begin), file].join(' → '));
      if (seen.has(file)) return;
      seen.add(file);
      for (const each of needs(file)) visit(each, [...way, file]);
    };
    for (const file of sources) visit(file, []);
    expect(circles).toEqual([]);
  });
  it('costs nobody who needs little: packages say that to import them has no effect', () => {
    const loud = workspaces.filter((folder) => {
      const text = textOf(`${folder}/package.json`);
      return (JSON.parse(text) as { readonly sideEffects?: unknown }).sideEffects !== false;
    });
    // Its files are programs.
    expect(loud).toEqual(['packages/herd']);
  });
  it('is kept by the folders of a workspace, by types as well', () => {
    const wrong = complaints((file, tree, say) => {
      const home = workspaces.find((folder) => file.startsWith(`${folder}/`)) ?? '';
      const closed = closedTo(file, home);
      walk(tree, (node) => {
        const source = node['source'];
        if (!isNode(source) || typeof source['value'] !== 'string') return;
        const target = path.normalize(path.join(path.dirname(file), source['value']));
        const folder = closed.find((each) => target.startsWith(`${home}/src/${each}/`));
        if (folder !== undefined) say(node, `reaches into ${folder}`);
      });
    });
    expect(wrong).toEqual([]);
  });
  it('has no import for side effects', () => {
    const wrong = complaints((_file, tree, say) =>
      walk(tree, (node) => {
        if (node.type !== 'ImportDeclaration') return;
        const specifiers = node['specifiers'];
        if (Array.isArray(specifiers) && specifiers.length === 0)
          say(node, 'imports for side effects');
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('authority', () => {
  it('stays out of what is pure: time, randomness, timers and the process are arguments', () => {
    const wrong = sources
      .filter((file) => !mayBeAmbient.some((folder) => file.startsWith(`${folder}/`)))
      .flatMap((file) =>
        textOf(file)
          .split('\n')
          .map((line, at) => ({ line: line.replace(/\/\/.*|^\s*\/?\*.*/, ''), at: at + 1 }))
          .filter(({ line }) => ambient.test(line))
          .map(({ line, at }) => `${file}:${at} ${line.trim()}`),
      );
    expect(wrong).toEqual([]);
  });
  it('has no mutable state at module level', () => {
    const wrong = complaints((_file, tree, say) => {
      const body = tree['body'];
      if (!Array.isArray(body)) return;
      for (const statement of body as Node[]) {
        const declared =
          statement.type === 'ExportNamedDeclaration' ? statement['declaration'] : statement;
        if (!isNode(declared) || declared.type !== 'VariableDeclaration') continue;
        if (declared['kind'] !== 'const') say(statement, 'declares a module-level variable');
      }
    });
    expect(wrong).toEqual([]);
  });
});

describe('actors', () => {
  /** Constructors of actors: `make…` whose first parameter is called turn. */
  const constructorOf = (node: Node): Node | undefined => {
    const name = isNode(node['id']) ? node['id']['name'] : undefined;
    const made = node['init'];
    if (node.type !== 'VariableDeclarator' || typeof name !== 'string' || !/^make[A-Z]/.test(name))
      return undefined;
    if (!isNode(made) || !isFunction(made) || !Array.isArray(made['params'])) return undefined;
    const first: unknown = made['params'][0];
    return isNode(first) && /^_?turn$/.test(String(first['name'])) ? made : undefined;
  };
  it('keep their state in cells and maps of the turn, never in a bare variable or collection', () => {
    const wrong = complaints((_file, tree, say) =>
      walk(tree, (node) => {
        const made = constructorOf(node);
        const body = made?.['body'];
        if (!isNode(body) || !Array.isArray(body['body'])) return;
        for (const statement of body['body'] as Node[]) {
          if (statement.type !== 'VariableDeclaration') continue;
          if (statement['kind'] === 'let') say(statement, 'a `let` in the constructor of an actor');
          for (const each of statement['declarations'] as Node[]) {
            const init = each['init'];
            if (!isNode(init) || init.type !== 'NewExpression' || !isNode(init['callee'])) continue;
            if (/^(Weak)?(Map|Set)$/.test(String(init['callee']['name'])))
              say(each, 'a bare collection in an actor');
          }
        }
      }),
    );
    expect(wrong).toEqual([]);
  });
  it('annotate what they return, so that no helper becomes callable from the wire', () => {
    const wrong = complaints((_file, tree, say) =>
      walk(tree, (node) => {
        const made = constructorOf(node);
        if (made !== undefined && !isNode(made['returnType'])) say(node, 'has no annotated return');
      }),
    );
    expect(wrong).toEqual([]);
  });
  it('record no bare literal: what is written down has a type, which the store is held against', () => {
    const wrong = complaints((_file, tree, say) =>
      walk(tree, (node) => {
        const callee = node['callee'];
        if (node.type !== 'CallExpression' || !isNode(callee) || !isNode(callee['property']))
          return;
        if (callee['property']['name'] !== 'record') return;
        const [entry] = node['arguments'] as Node[];
        if (entry?.type === 'ObjectExpression') say(node, 'records a literal without `satisfies`');
      }),
    );
    expect(wrong).toEqual([]);
  });
  it('never await: a vow is no promise', () => {
    const pure = ['packages/actors', 'packages/ocapn', 'packages/fleet'];
    const wrong = complaints((file, tree, say) => {
      const isPure =
        pure.some((folder) => file.startsWith(`${folder}/`)) ||
        (file.startsWith('packages/shepherd/') && !file.includes('/src/node/'));
      if (isPure)
        walk(tree, (node) => void (node.type === 'AwaitExpression' && say(node, 'awaits')));
    });
    expect(wrong).toEqual([]);
  });
});

describe('size', () => {
  it(`keeps files at most ${maxFileLines} lines long`, () => {
    const long = [...sources, ...inC].filter(
      (file) => textOf(file).split('\n').length - 1 > maxFileLines,
    );
    expect(long).toEqual([]);
  });
  it(`keeps functions at most ${maxFunctionLines} lines long`, () => {
    const wrong = complaints((file, tree, say) =>
      walk(tree, (node) => {
        if (!isFunction(node)) return;
        const lineCount = textOf(file).slice(node.start, node.end).split('\n').length;
        if (lineCount > maxFunctionLines) say(node, `a function of ${lineCount} lines`);
      }),
    );
    expect(wrong).toEqual([]);
  });
  it(`keeps lines at most ${maxLineColumns} columns wide`, () => {
    const wrong = [...sources, ...inC].flatMap((file) =>
      textOf(file)
        .split('\n')
        .map((line, at) => ({ line, at: at + 1 }))
        .filter(({ line }) => line.length > maxLineColumns)
        .map(({ at }) => `${file}:${at}`),
    );
    expect(wrong).toEqual([]);
  });
  it('keeps every workspace within its budget', () => {
    const over = workspaces
      .map((folder) => ({
        folder,
        lines: filesUnder(`${folder}/src`, /\.(ts|[ch])$/).reduce(
          (sum, file) => sum + codeLineCount(file),
          0,
        ),
      }))
      .filter(({ folder, lines }) => lines > (budgetLines[folder] ?? 0));
    expect(over).toEqual([]);
  });
});

describe('names', () => {
  /** What a file exports of its own: where it is said, and what it is. */
  const exportsOf = (tree: Node): readonly (readonly [name: string, type: string])[] =>
    (tree['body'] as Node[]).flatMap((statement) => {
      const declared = statement['declaration'];
      if (statement.type !== 'ExportNamedDeclaration' || !isNode(declared)) return [];
      const several = declared['declarations'];
      const all = Array.isArray(several) ? (several as Node[]) : [declared];
      return all.map(({ id }) => [isNode(id) ? String(id['name']) : '', declared.type] as const);
    });
  it('that are exported stand once in a workspace: who reads one need not ask which is meant', () => {
    const owners = new Map<string, Set<string>>();
    for (const [file, tree] of trees) {
      const home = workspaces.find((folder) => file.startsWith(`${folder}/`)) ?? '';
      for (const [each] of exportsOf(tree)) {
        const name = `${home} ${each}`;
        owners.set(name, (owners.get(name) ?? new Set()).add(file));
      }
    }
    const twice = [...owners].filter(([, files]) => files.size > 1);
    const told = twice.map(([name, files]) => `${name}: ${[...files].join(', ')}`);
    expect(told).toEqual([]);
  });
  it('of values that are exported are named by another file: what is used at home stays there', () => {
    const isValue = /^(Variable|Function|Class)/;
    const all = [...trees].flatMap(([file, tree]) =>
      exportsOf(tree).flatMap(([name, type]) => (isValue.test(type) ? [{ file, name }] : [])),
    );
    const names = new Set(all.map(({ name }) => name));
    const users = new Map<string, Set<string>>();
    const others = ['test', 'scripts', 'fleet-examples'].flatMap((folder) =>
      filesUnder(folder, /\.[cm]?[jt]s$/),
    );
    for (const file of [...sources, ...others])
      for (const word of textOf(file).match(/\w+/g) ?? [])
        if (names.has(word)) users.set(word, (users.get(word) ?? new Set()).add(file));
    const unused = all.filter(({ file, name }) =>
      [...(users.get(name) ?? [])].every((user) => user === file),
    );
    expect(unused.map(({ file, name }) => `${file} ${name}`)).toEqual([]);
  });
  it('of classes and constructors neither end in a digit nor begin with an underscore, as a bundler has it', () => {
    const wrong = complaints((_file, tree, say) =>
      walk(tree, (node) => {
        const isNamed =
          node.type === 'ClassDeclaration' ||
          (node.type === 'VariableDeclarator' && isNode(node['init']) && isFunction(node['init']));
        const name = isNode(node['id']) ? String(node['id']['name']) : '';
        if (isNamed && /^_|\d$/.test(name) && /^_?([A-Z]|make)/.test(name))
          say(node, `is called ${name}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('words', () => {
  it('leaves no work note behind: work left is an issue', () => {
    const wrong = sources.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(textOf(file)));
    expect(wrong).toEqual([]);
  });
  it('has no `any`, no suppressed check and no non-null assertion', () => {
    const wrong = complaints((file, tree, say) => {
      if (/@ts-(ignore|expect-error|nocheck)/.test(textOf(file))) say(tree, 'suppresses a check');
      walk(tree, (node) => {
        if (node.type === 'TSAnyKeyword') say(node, 'says any');
        if (node.type === 'TSNonNullExpression') say(node, 'asserts non-null');
      });
    });
    expect(wrong).toEqual([]);
  });
  it('documents every exported function, class, interface and type', () => {
    const wrong = complaints((file, tree, say) => {
      const text = textOf(file);
      const body = tree['body'];
      if (!Array.isArray(body)) return;
      for (const statement of body as Node[]) {
        if (statement.type !== 'ExportNamedDeclaration' || !isNode(statement['declaration']))
          continue;
        const before = text.slice(0, statement.start).trimEnd();
        if (!before.endsWith('*/')) say(statement, 'exports something without a docstring');
      }
    });
    expect(wrong).toEqual([]);
  });
  it('opens every file with what it is for', () => {
    expect(sources.filter((file) => !textOf(file).startsWith('/**'))).toEqual([]);
  });
});
