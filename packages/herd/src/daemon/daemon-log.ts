/**
 * The daemon's own log: one line an event, `2026-11-25 10:04:05.123 service.started service=web pid=12`. Written
 * synchronously: it is a line for each thing that an operator acts on, and the last lines before a crash are the ones
 * that matter.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '@bellwether/actors';

/** Longest value of one field, in characters: what comes from outside must not fill the log. */
const maxFieldChars = 500;

/**
 * Opens (appends to) a log file, mode 0640. The result never throws: a full disk must not stop services.
 * @throws the system's error when the file cannot be opened.
 */
export const openDaemonLog = (file: string): { readonly log: Log; close(): void } => {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = fs.openSync(file, 'a', 0o640);
  return {
    log: (event, fields) => {
      try {
        fs.writeSync(descriptor, `${stamp(new Date())} ${event}${fieldsText(fields)}\n`);
      } catch {
        // The log is lost, the services go on; there is nowhere left to say so.
      }
    },
    close: () => fs.closeSync(descriptor),
  };
};

const stamp = (now: Date): string => now.toISOString().replace('T', ' ').replace('Z', '');

const fieldsText = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([name, value]) => ` ${name}=${valueText(value)}`)
    .join('');

/** Quoted as soon as it holds anything but plain characters, so that one event is always one line. */
const valueText = (value: unknown): string => {
  const text =
    value instanceof Error
      ? value.message
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? 'undefined');
  const short = text.length > maxFieldChars ? `${text.slice(0, maxFieldChars)}…` : text;
  return /^[\w.:/@+-]+$/.test(short) ? short : JSON.stringify(short);
};
