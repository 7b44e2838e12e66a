/** Files of sections and `key = value`, in the dialects of systemd and supervisor. */
import type { Note, SourceFile } from './found.ts';

/** One setting. A key may stand in a section again and again. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}
/** A section with what stands in it. */
export interface Section {
  readonly title: string;
  readonly line: number;
  readonly settings: readonly Setting[];
}
/** How a value goes on in the next line: behind a backslash, or where that is indented. */
export type Dialect = 'systemd' | 'supervisor';

/** The sections of a file, in their order, and the lines that are none of theirs. */
export const sectionsOf = (
  { file, text }: SourceFile,
  dialect: Dialect,
): { readonly sections: readonly Section[]; readonly notes: readonly Note[] } => {
  const sections: { title: string; line: number; settings: Setting[] }[] = [];
  const notes: Note[] = [];
  for (const { line, text: said } of logicalLines(text, dialect)) {
    const [, title] = /^\[(.+)\]$/.exec(said.trim()) ?? [];
    if (title !== undefined) {
      sections.push({ title: title.trim(), line, settings: [] });
      continue;
    }
    const at = said.indexOf('=');
    const settings = sections.at(-1)?.settings;
    if (at < 1 || settings === undefined) {
      notes.push({ file, line, text: `expected [SECTION] or KEY=VALUE` });
      continue;
    }
    settings.push({ key: said.slice(0, at).trim(), value: said.slice(at + 1).trim(), line });
  }
  return { sections, notes };
};

/** Lines without comments, those that go on put together. */
const logicalLines = (
  text: string,
  dialect: Dialect,
): readonly { readonly line: number; readonly text: string }[] => {
  const lines: { line: number; text: string }[] = [];
  let goesOn = false;
  text.split(/\r?\n/).forEach((raw, at) => {
    const isComment = /^\s*[#;]/.test(raw);
    const last = lines.at(-1);
    if (isComment) return;
    if (dialect === 'systemd') {
      const [body, isOpen] = raw.endsWith('\\') ? [`${raw.slice(0, -1)} `, true] : [raw, false];
      if (goesOn && last !== undefined) last.text += body;
      else if (raw.trim() !== '') lines.push({ line: at + 1, text: body });
      goesOn = isOpen;
      return;
    }
    const remark = raw.search(/\s;/);
    const body = remark < 0 ? raw : raw.slice(0, remark);
    if (body.trim() === '') return;
    if (/^\s/.test(body) && last !== undefined) last.text += ` ${body.trim()}`;
    else lines.push({ line: at + 1, text: body });
  });
  return lines;
};
