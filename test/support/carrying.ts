/** A release as somebody brings it to a simulated machine. */
import { carrierLimits, digestOf, writeManifest } from '@bellwether/deploy';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import type { FleetNode, Operator, Site } from './fleet-node.ts';
import { fileOf, manifestOf } from './releases.ts';
import type { Made } from './slot-machine.ts';

/** Brings what is missing of a release for a service, and lets half a second pass for each content. */
export const bringTo = (
  { world }: Site,
  operator: Operator,
  node: FleetNode,
  service: string,
  { digest, manifestBytes, contents }: Made,
): void => {
  const { pieceBytes } = carrierLimits;
  const pass = (): void => void world.run(world.now + 500);
  for (let round = 0; round < 3; round += 1) {
    const offer = { release: digest, manifestBytes: manifestBytes.length };
    const offered = operator.ask(node, (turn, root) => turn.send(root, 'offer', service, offer));
    pass();
    if (offered.error !== undefined) throw offered.error;
    for (const { sha256, have } of offered.value?.missing ?? []) {
      const bytes = contents.get(sha256) ?? new Uint8Array();
      for (let at = have; at === have || at < bytes.length; at += pieceBytes)
        operator.ask(node, (turn, root) =>
          turn.send(root, 'put', service, sha256, at, bytes.slice(at, at + pieceBytes)),
        );
      pass();
    }
  }
};

/** A release with files of so many bytes, each in a content of its own. */
export const releaseOf = (version: string, sizes: readonly number[]): Made => {
  const texts = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
  const files = texts.map((text, at) => fileOf(`file-${at}`, text));
  const manifestBytes = writeManifest(manifestOf(files, { version }));
  const digest = digestOf(nodeCrypto(), manifestBytes);
  return {
    digest,
    manifestBytes,
    contents: new Map([
      ...files.map(({ sha256 }, at) => [sha256, texts[at] ?? new Uint8Array()] as const),
      [digest.slice(-64), manifestBytes],
    ]),
  };
};
