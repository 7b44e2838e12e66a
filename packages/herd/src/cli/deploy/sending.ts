/** The file of a release is opened, and what a slot lacks of it sent there, while a person sees how far that is. */
import path from 'node:path';
import { bytesText } from '@bellwether/deploy';
import { openReleaseFile, type ReleaseFileReader } from '@bellwether/deploy/node';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { beginningOf } from '@bellwether/shepherd';
import { Detached, isNoAnswer, NoAnswer } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import type { Line } from '../../client/line.ts';
import { pieceMs } from '../../client/limits.ts';
import { releaseClient } from '../../client/releases.ts';
import { bring, type Brought } from './bringing.ts';
import { isPetnameWord, type Context } from '../context.ts';
import { Usage } from '../grammar/usage.ts';
import { WorkLine } from '../operation/work-line.ts';

/** Opens what is to be brought somewhere. @throws Usage, BadRelease */
export const opened = async (action: string, file: string): Promise<ReleaseFileReader> => {
  try {
    return await openReleaseFile(path.resolve(file), nodeCrypto(), { name: visible(file) });
  } catch (error) {
    if (!(error instanceof Error) || path.extname(file) === '.rel') throw error;
    if (beginningOf(file) !== undefined)
      throw new Usage(
        `'${visible(file)}' is the name of a release, and here its file is wanted`,
        "What is there already is switched to by 'herd deploy SERVICE RELEASE'.",
      );
    if (file.startsWith('rel:')) throw noName(file);
    throw new Usage(
      error.message,
      `'herd release build' makes a release. An action of the service's own: herd do ${action} SERVICE …`,
    );
  }
};

/** What is said of a word that should name a release that is there. */
export const noName = (word: string, service = 'SERVICE'): Usage =>
  new Usage(
    `'${visible(word)}' is no name of a release, nor six digits or more of its beginning`,
    `'herd release ls ${visible(service)}' shows those that are there.`,
  );

/** A local root asks for the name, and what a petname leads to has one. */
export const nameFor = (service: string): string | undefined =>
  isPetnameWord(service) ? undefined : service;

const kept = 'what came is kept there for a while: the same command goes on with it';

/** Brings what is missing, and shows how far it is. */
export const sent = async (
  context: Context,
  service: string,
  release: ReleaseFileReader,
  line: Line,
): Promise<Brought> => {
  const progress = new WorkLine(context);
  const name = visible(service);
  // One for all pieces that are on their way.
  let letGo = (): void => undefined;
  const interrupted = new Promise<never>((_never, fail) => {
    letGo = context.terminal.onInterrupt(() => fail(new Detached(false, `interrupted; ${kept}`)));
  });
  try {
    const brought = bring({
      client: releaseClient(line, nameFor(service)),
      release,
      now: context.terminal.now,
      patience: { waitMs: pieceMs },
      told: (done, all) =>
        progress.say(`bringing it to ${name}: ${bytesText(done)} of ${bytesText(all)}`),
    });
    return await Promise.race([brought, interrupted]);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    throw new NoAnswer(`${error.message}; ${kept}`, error.isTimeUp, { cause: error });
  } finally {
    letGo();
    progress.end();
  }
};
