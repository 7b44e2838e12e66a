/** A question to whoever sits at the terminal. */
import readline from 'node:readline';

/** Whether he says yes, in a word; anything else, Ctrl-C and the end of input are no. */
export const askPerson = (
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<boolean> =>
  new Promise((resolve) => {
    const asking = readline.createInterface({ input, output });
    asking.once('close', () => resolve(false));
    asking.once('SIGINT', () => asking.close());
    asking.question(question, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      asking.close();
    });
  });
