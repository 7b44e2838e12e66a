/**
 * Which members each fleet shares with which other fleets, so that a stop can say whom else it
 * concerns.
 * @returns by fleet, then by member, the names of the other fleets.
 */
export const sharedMembers = (
  fleets: readonly { readonly name: string; readonly members: readonly string[] }[],
): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> => {
  const holders = new Map<string, string[]>();
  for (const { name, members } of fleets)
    for (const member of members) holders.set(member, [...(holders.get(member) ?? []), name]);
  const sharesOf = (name: string, members: readonly string[]): [string, readonly string[]][] =>
    members
      .map((member): [string, readonly string[]] => [
        member,
        (holders.get(member) ?? []).filter((holder) => holder !== name),
      ])
      .filter(([, others]) => others.length > 0);
  return Object.fromEntries(
    fleets.map(({ name, members }) => [name, Object.fromEntries(sharesOf(name, members))]),
  );
};
