/** A question to whoever sits at the terminal. */
import readline from 'node:readline';
import { Detached } from '../../client/errors.ts';

/** Whether he says yes, in a word; anything else and the end of input are no. Rejects with Detached at Ctrl-C. */
export const askPerson = (
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const asking = readline.createInterface({ input, output });
    const leave = (act: () => void): void => {
      asking.removeAllListeners('close');
      asking.close();
      act();
    };
    asking.once('close', () => {
      output.write('\n');
      resolve(false);
    });
    asking.once('SIGINT', () => {
      output.write('\n');
      leave(() => reject(new Detached(false)));
    });
    asking.question(question, (answer) => leave(() => resolve(/^y(es)?$/i.test(answer.trim()))));
  });
