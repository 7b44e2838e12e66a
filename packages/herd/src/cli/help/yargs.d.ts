/** The part of yargs 18 that we use; the package ships no types of its own. */
declare module 'yargs' {
  interface Yargs {
    scriptName(name: string): Yargs;
    usage(text: string): Yargs;
    command(name: string, about: string): Yargs;
    option(name: string, how: Readonly<Record<string, unknown>>): Yargs;
    group(names: readonly string[], title: string): Yargs;
    example(command: string, about: string): Yargs;
    epilogue(text: string): Yargs;
    wrap(columns: number): Yargs;
    help(enable: false): Yargs;
    version(enable: false): Yargs;
    exitProcess(enable: false): Yargs;
    fail(enable: false): Yargs;
    parserConfiguration(how: Readonly<Record<string, boolean>>): Yargs;
    parseSync(argv: readonly string[]): Readonly<Record<string, unknown>>;
    getHelp(): Promise<string>;
  }
  const make: (argv?: readonly string[]) => Yargs;
  export default make;
}
