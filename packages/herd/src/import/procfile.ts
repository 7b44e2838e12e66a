/** Procfiles, as foreman and Heroku read them: a name, a colon, a command of the shell. */
import { nameChars } from '../config/limits.ts';
import {
  plainName,
  shellOf,
  type ImportedEntry,
  type Imported,
  type Note,
  type SourceFile,
} from './found.ts';

const line = /^([A-Za-z0-9_-]+):\s*(.+)$/s;
/** What foreman gives the first process, and by how much more each further one. */
const firstPort = 5_000;
const portStep = 100;

/** Reads one. */
export const readProcfile = ({ file, folder, text }: SourceFile): Imported => {
  const found: ImportedEntry[] = [];
  const notes: Note[] = [];
  text.split(/\r?\n/).forEach((raw, at) => {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const [, name, command] = line.exec(trimmed) ?? [];
    if (name === undefined || command === undefined)
      return void notes.push({ file, line: at + 1, text: 'expected NAME: COMMAND' });
    if (name === 'release')
      return void notes.push({
        file,
        line: at + 1,
        text: `release: ${command}: it is run once before a deploy, and is no process that stays`,
      });
    const usesPort = /\$\{?PORT\b/.test(command);
    const port = firstPort + portStep * found.length;
    const ports: Note = {
      file,
      line: at + 1,
      text: `PORT is ${port}, as foreman gives it; nobody here chooses another one`,
    };
    found.push({
      name: plainName(name, nameChars),
      from: `${file}: ${name}`,
      constructor: 'service',
      options: {
        start: shellOf(command, { cwd: folder, env: usesPort ? { PORT: String(port) } : {} }),
        respawn: true,
        autoStart: true,
      },
      notes: usesPort ? [ports] : [],
    });
  });
  const env: Note = {
    file,
    text: `${file}: variables of a .env beside it are not read: say them in env`,
  };
  return { found, notes: [...notes, ...(found.length === 0 ? [] : [env])] };
};
