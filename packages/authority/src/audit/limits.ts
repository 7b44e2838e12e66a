/** What one record of the audit may hold. Whoever is recorded has a hand in what it says. */
export const auditLimits = {
  /** Characters of a name: of a service, an action, an operation, who asked, a code, a label. */
  nameCharacters: 256,
  /** Characters of a reason: one sentence. */
  reasonCharacters: 512,
  /** Arguments that are shown, and characters of each; what is beyond is counted. */
  argumentCount: 16,
  argumentCharacters: 256,
  /** Links of a chain that are shown, and characters of each part of one. */
  linkCount: 16,
  linkCharacters: 128,
  /**
   * Characters of a line, all of them ASCII: the most of each of the above, every character of it escaped, come to
   * 77 Ki with the names of the members (test/authority/audit/record.test.ts).
   */
  lineCharacters: 81_920,
  /** Records that one question is answered with, and characters of them. */
  answerCount: 1_000,
  answerCharacters: 1_048_576,
  /** Characters of the log that are looked through for one answer, from its end: four files. */
  lookCharacters: 64 * 1024 * 1024,
  /** Records in a row that are older than what is asked for: there a search ends, since a clock may have been slow. */
  olderCount: 1_000,
} as const;
