/**
 * A declaration of machines: what releases are deployed to from here, and by which refs. It is loaded as a
 * configuration is; the refs themselves stay where they lie.
 */
import path from 'node:path';
import * as z from 'zod';
import { ConfigError } from './config-error.ts';
import { argumentChars, machineCount } from './limits.ts';
import { loadModule, type Loaded, type LoadOptions } from './load-config.ts';
import { found, problemsOf, wordsFor } from './problems.ts';
import { record } from './record.ts';
import { name } from './names.ts';
import { storedRef } from './schema.ts';

/** A machine of a declaration. */
export interface DeclaredMachine {
  readonly name: string;
  /** As it was declared, and the same in Node's words, as releases have it. */
  readonly system: string;
  readonly platform: string;
  /** A file, absolute, or the petname of a ref of the user's own. */
  readonly ref: { readonly file: string } | { readonly petname: string };
}

/** What GNU and Nix call a kind of machine, and what Node does. */
const platforms = {
  'x86_64-linux': 'linux-x64',
  'aarch64-linux': 'linux-arm64',
  'armv7l-linux': 'linux-arm',
  'i686-linux': 'linux-ia32',
  'riscv64-linux': 'linux-riscv64',
  'powerpc64le-linux': 'linux-ppc64',
  's390x-linux': 'linux-s390x',
  'x86_64-darwin': 'darwin-x64',
  'aarch64-darwin': 'darwin-arm64',
} as const satisfies Readonly<Record<string, string>>;
const systems = Object.keys(platforms) as readonly (keyof typeof platforms)[];

const refFile = record(
  {
    kind: z.literal('ref-file'),
    file: z
      .string()
      .min(1, 'is empty')
      .max(argumentChars, `has more than ${argumentChars} characters`)
      .refine((text) => !text.includes('\0'), 'contains a NUL character'),
  },
  "a file with a ref, as in ref({ file: './web.ref' })",
);
const machine = record(
  {
    kind: z.literal('machine'),
    system: z.enum(systems, { error: `expected one of ${systems.join(', ')}` }),
    deploy: z.discriminatedUnion('kind', [refFile, storedRef], {
      error: "expected ref({ file: './web.ref' }), or ref('PETNAME')",
    }),
  },
  "machine({ system: 'x86_64-linux', deploy: ref({ file: './web.ref' }) })",
);
const machines = record(
  {
    kind: z.literal('machines'),
    machines: z
      .record(name, machine, { error: 'expected machines by name' })
      .refine((all) => Object.keys(all).length > 0, 'expected at least one machine')
      .refine(
        (all) => Object.keys(all).length <= machineCount,
        `has more than ${machineCount} machines`,
      ),
  },
  'defineMachines({ … })',
);

const made = 'defineMachines({ … })';
const lateHint =
  'a declaration only describes; does it loop, or wait for something? If the machine is busy, try again when it is not';
/** The machines that a module declares, in its order. One at a time in a process. @throws ConfigError */
export const loadMachines = async (
  file: string,
  options: LoadOptions,
): Promise<readonly DeclaredMachine[]> =>
  checkMachines(await loadModule(file, options, { made, lateHint }));

/** What a module says of machines. @throws ConfigError */
export const checkMachines = ({
  real: file,
  value,
  siteOf,
}: Loaded): readonly DeclaredMachine[] => {
  if (typeof value !== 'object' || value === null || Reflect.get(value, 'kind') !== 'machines') {
    const text = `expected what ${made} returns, found ${found(value)}`;
    const hint = `write: export default ${made}`;
    throw new ConfigError([{ file, path: 'the default export', text, hint }]);
  }
  const parsed = machines.safeParse(value, { error: wordsFor });
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, value, siteOf));
  const folder = path.dirname(file);
  return Object.entries(parsed.data.machines).map(([name, { system, deploy }]) => ({
    name,
    system,
    platform: platforms[system],
    ref:
      deploy.kind === 'ref'
        ? { petname: deploy.petname }
        : { file: path.resolve(folder, deploy.file) },
  }));
};
