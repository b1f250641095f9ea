// SPDX-License-Identifier: Apache-2.0
/** Headings of a Markdown document, their anchors, and a table of contents made of them. */

interface Heading {
  /** 1 for the title. */
  readonly level: number;
  readonly text: string;
}

/** The headings in their order; lines of fenced blocks are none. */
export function headingsOf(markdown: string): readonly Heading[] {
  const plain = markdown.replace(/^( *)```.*?^\1```$/gms, '');
  return [...plain.matchAll(/^(#{1,6}) +(.+)$/gm)].map(([, signs = '', text = '']) => ({
    level: signs.length,
    text: text.trim(),
  }));
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-');
}

/** A part that is named by a code: a reader finds it by that word, and it would only make the list long. */
const CODE = /^[A-Z][A-Z_]+$/;

/** A list with a link to each section and, below it, to each of its parts that has a title in words. */
export function contentsOf(markdown: string): readonly string[] {
  return headingsOf(markdown)
    .filter(({ level, text }) => level === 2 || (level === 3 && !CODE.test(text)))
    .map(({ level, text }) => `${level === 2 ? '' : '  '}- [${text}](#${anchorOf(text)})`);
}
