/** Sizes in the words that people read. */

/** `512 bytes`, `1.2 KiB`, `56.0 MiB`. */
export const bytesText = (bytes: number): string => {
  if (bytes < 1_024) return `${bytes} byte${bytes === 1 ? '' : 's'}`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1_024;
  let at = 0;
  for (; value >= 1_024 && at < units.length - 1; at += 1) value /= 1_024;
  return `${value.toFixed(1)} ${units[at] ?? ''}`;
};
