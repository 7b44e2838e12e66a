/** Releases for people. Whatever stands in one is from outside, and is made harmless here. */
import {
  bytesText,
  treeBytesOf,
  type Check,
  type Digest,
  type Manifest,
  type ReleaseDifference,
  type Run,
  type Signature,
} from '@bellwether/deploy';
import { visible } from '../../client/escape.ts';
import { maxGroupNames } from '../limits.ts';
import { tableLines } from './table.ts';
import { counted } from './times.ts';
import { commandText } from './typed.ts';

/** What is shown of a release. */
export interface ShownRelease {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly signatures: readonly Signature[];
}

/** Everything about a release, a line for each thing. */
export const releaseLines = ({ digest, manifest, signatures }: ShownRelease): readonly string[] => {
  const { app, version, run, checks, platform, dataMigration, provenance, files, links } = manifest;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['release', digest],
    ['of', version === undefined ? app : `${app} ${version}`],
    ['runs', commandText(run.command)],
    ...Object.entries(run.env ?? {}).map(([name, value]) => ['with', `${name}=${value}`] as const),
    ...checks.map((check) => ['checks', checkText(check)] as const),
    ['on', platform],
    ['its data', dataMigration === 'none' ? undefined : migrationText[dataMigration]],
    ...Object.entries(provenance ?? {}).map(
      ([name, value]) => ['from', `${name} ${value}`] as const,
    ),
    ['has', sizeText(manifest, files.length, links.length)],
    ...(signatures.length === 0
      ? [['signed by', 'nobody'] as const]
      : signatures.map(({ key }) => ['signed by', key] as const)),
  ];
  const told = rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return tableLines(told, '  ');
};
const migrationText = {
  reversible: 'is changed by its start, so that older releases can still use it',
  'forward-only': 'is changed by its start, so that older releases cannot use it any more',
} as const;

const sizeText = (manifest: Manifest, fileCount: number, linkCount: number): string => {
  const links = linkCount === 0 ? '' : `, ${counted(linkCount, 'link')}`;
  return `${counted(fileCount, 'file')}${links}, ${bytesText(treeBytesOf(manifest))}`;
};

const checkText = (check: Check): string => {
  const seconds = `${check.timeoutMs / 1_000} s`;
  if ('http' in check) return `${check.http} (${seconds})`;
  if ('tcp' in check) return `tcp://${check.tcp} (${seconds})`;
  return `exec:${commandText(check.exec)} (${seconds})`;
};

/** What differs, a line for each file, then the rest. */
export const differenceLines = (difference: ReleaseDifference): readonly string[] => {
  const { added, removed, changed, fields, newBytes } = difference;
  const entries = [
    ...removed.map((path) => `- ${path}`),
    ...added.map((path) => `+ ${path}`),
    ...changed.map(({ path, what }) => `~ ${path} (${what.join(', ')})`),
  ];
  const lines = [
    ...entries.slice(0, maxGroupNames),
    ...(entries.length > maxGroupNames ? [`… ${entries.length - maxGroupNames} more files`] : []),
    ...fields.map(
      ({ field, before, after }) => `${field}: ${fieldText(before)} → ${fieldText(after)}`,
    ),
  ].map(visible);
  if (lines.length === 0) return ['Nothing differs.'];
  return [...lines, `${bytesText(newBytes)} of the second are not in the first.`];
};
const fieldText = (value: unknown): string => {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'command' in value) {
    const { command, env } = value as Run;
    const variables = Object.entries(env ?? {}).map(([name, text]) => `${name}=${text}`);
    return commandText([...variables, ...command]);
  }
  if (Array.isArray(value)) {
    const checks = (value as readonly Check[]).map(checkText);
    return checks.length === 0 ? 'none' : checks.join(', ');
  }
  return JSON.stringify(value);
};
