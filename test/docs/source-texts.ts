// SPDX-License-Identifier: Apache-2.0
/**
 * The texts that a TypeScript source can say, with the place in which each stands: a reader of its strings and
 * templates that knows comments, regular expressions and the arguments of calls, and nothing else of the language.
 */

export interface SourceText {
  /** What a template computes stands as "…". */
  readonly text: string;
  readonly line: number;
  /** It is the third argument of an error, or the value of something called `next`. */
  readonly isNext: boolean;
}

interface Frame {
  readonly isError: boolean;
  /** The frame stands in a text that is a `next` as a whole. */
  readonly isNext: boolean;
  argument: number;
  /** Up to the next comma or semicolon everything is the value of a `next`. */
  named: boolean;
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<![\w)\]] *)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`|[A-Za-z_$][\w$]*|[()[\]{},;:=]|\s+|[\s\S]/y;

export function textsOf(source: string): readonly SourceText[] {
  const texts: SourceText[] = [];
  const frames: Frame[] = [{ isError: false, isNext: false, argument: 0, named: false }];
  let before: string[] = [];
  let at = 0;
  const top = (): Frame => frames.at(-1) as Frame;
  const isNext = (): boolean => top().isNext || top().named || (top().isError && top().argument === 2);
  const say = (text: string, from: number): void => {
    if (!text.trim().includes(' ')) return;
    texts.push({ text, line: source.slice(0, from).split('\n').length, isNext: isNext() });
  };

  /** From behind an opening backtick to behind the closing one; what it computes is read like any other source. */
  const template = (from: number): void => {
    let text = '';
    while (at < source.length) {
      const char = source[at];
      if (char === '`') break;
      if (char === '$' && source[at + 1] === '{') {
        at += 2;
        text += '…';
        read('}');
      } else {
        text += char === '\\' ? (source[++at] ?? '') : char;
        at++;
      }
    }
    at++;
    say(text, from);
  };

  const read = (end: string | undefined): void => {
    const depth = frames.length;
    frames.push({ isError: false, isNext: isNext(), argument: 0, named: false });
    while (at < source.length) {
      TOKEN.lastIndex = at;
      const from = at;
      const token = TOKEN.exec(source)?.[0] ?? source[at] ?? '';
      at += token.length;
      if (token === end && frames.length === depth + 1) break;
      if (/^\s|^\/[/*]/.test(token)) continue;
      if (token === '`') template(from);
      else if (/^['"]/.test(token)) say(token.slice(1, -1).replace(/\\(.)/g, '$1'), from);
      else follow(token, before);
      before = [...before.slice(-3), token];
    }
    frames.length = depth;
  };

  const follow = (token: string, earlier: readonly string[]): void => {
    const last = earlier.at(-1) ?? '';
    if (token === '(' || token === '[' || token === '{') {
      const isError = token === '(' && /Error$/.test(last) && earlier.at(-2) === 'new';
      frames.push({ isError, isNext: isNext(), argument: 0, named: false });
    } else if (token === ')' || token === ']' || token === '}') {
      if (frames.length > 2) frames.pop();
    } else if (token === ',') {
      top().argument++;
      top().named = false;
    } else if (token === ';') {
      top().named = false;
    } else if ((token === ':' || token === '=') && /^next$/i.test(last)) {
      top().named = true;
    }
  };

  read(undefined);
  return texts;
}
