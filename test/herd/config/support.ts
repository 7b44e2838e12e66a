/** Configurations in folders of their own, loaded for real. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError } from '../../../packages/herd/src/config/config-error.ts';
import { loadConfig, type LoadOptions } from '../../../packages/herd/src/config/load-config.ts';
import type { Description } from '../../../packages/herd/src/config/schema.ts';

/** With more time than somebody waits: what is claimed of times says how long. */
export const options: LoadOptions = {
  timeoutMs: 120_000,
  bellwether: path.resolve(import.meta.dirname, '../../../packages/bellwether/src/index.ts'),
  nodeName: 'here',
  env: process.env,
};

/** A folder with these files; gone after the test. */
export const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-config-')));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return folder;
};

/** What a configuration with this text, called shepherd.config.ts, is loaded as. */
export const load = (text: string, more: Partial<LoadOptions> = {}): Promise<Description> =>
  loadConfig(path.join(folderWith({ 'shepherd.config.ts': text }), 'shepherd.config.ts'), {
    ...options,
    ...more,
  });

/** The message of a refused configuration, with its folder left out. */
export const refusal = async (file: string, more: Partial<LoadOptions> = {}): Promise<string> => {
  try {
    await loadConfig(file, { ...options, ...more });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(path.dirname(file) + path.sep, '');
  }
  throw new Error('the configuration was taken');
};
export const refusalOf = (text: string, more: Partial<LoadOptions> = {}): Promise<string> =>
  refusal(path.join(folderWith({ 'shepherd.config.ts': text }), 'shepherd.config.ts'), more);
