/** One line of JSON. */
export const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
