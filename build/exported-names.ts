// SPDX-License-Identifier: Apache-2.0
/**
 * What a module exports, read from its source by the compiler: each name with its signature, its docstring and its
 * members. What is private, or for the module's own use, is left out.
 */
import { join } from 'node:path';
import { type Expression, type HeritageClause, type Node, SyntaxKind } from 'typescript/unstable/ast';
import {
  isClassDeclaration,
  isConstructorDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isPrivateIdentifier,
  isPropertyDeclaration,
  isTypeReferenceNode,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';
import { API, type Symbol as ProgramSymbol, type Project, SymbolFlags } from 'typescript/unstable/sync';

export interface ApiMember {
  readonly name: string;
  /** Each on one line, without a body; several for a method with overloads. */
  readonly signatures: readonly string[];
  /** Empty when there is none. */
  readonly docstring: string;
}

export interface ApiName extends ApiMember {
  readonly kind: 'class' | 'function' | 'interface' | 'type' | 'value';
  /** Where it is declared, from the root of the checkout. */
  readonly file: string;
  /** Of a class or an interface; also those that it has from a base that is not exported. */
  readonly members: readonly ApiMember[];
  /** Types of the checkout that its signatures name and that the module does not export. */
  readonly hidden: readonly string[];
}

/** Reads the exports of the entry, a path from the root. Throws when the compiler finds none. */
export function exportedNames(root: string, entry: string): readonly ApiName[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects();
    const file = project?.program.getSourceFile(join(root, entry));
    const module = file && project?.checker.getSymbolAtLocation(file);
    if (project === undefined || module === undefined) throw new Error(`The compiler finds no module ${entry}.`);
    return new ModuleReader(root, project, module).names();
  } finally {
    api.close();
  }
}

type Declared = { readonly symbol: ProgramSymbol; readonly node: Node };

class ModuleReader {
  readonly #root: string;
  readonly #project: Project;
  readonly #exports: readonly { readonly name: string; readonly symbol: ProgramSymbol }[];

  constructor(root: string, project: Project, module: ProgramSymbol) {
    this.#root = root;
    this.#project = project;
    this.#exports = project.checker
      .getExportsOfModule(module)
      .map((symbol) => ({ name: symbol.name, symbol: this.#target(symbol) }));
  }

  names(): readonly ApiName[] {
    return this.#exports.map(({ name, symbol }) => {
      const node = this.#declaration(symbol);
      const declared = this.#members(symbol, node);
      const hidden = [{ symbol, node }, ...declared].flatMap((each) => this.#hiddenIn(each.node));
      return {
        name,
        ...this.#kindAndSignature(name, { symbol, node }),
        file: node.getSourceFile().fileName.slice(this.#root.length).replace(/^\//, ''),
        docstring: this.#docstring(symbol),
        members: declared.map((each) => ({
          name: nameOf(each.node),
          signatures: this.#signatures(each),
          docstring: this.#docstring(each.symbol),
        })),
        hidden: [...new Set(hidden)].sort(),
      };
    });
  }

  #kindAndSignature(name: string, declared: Declared): Pick<ApiName, 'kind' | 'signatures'> {
    const { node } = declared;
    switch (node.kind) {
      case SyntaxKind.ClassDeclaration:
        return { kind: 'class', signatures: [this.#head(name, node)] };
      case SyntaxKind.InterfaceDeclaration:
        return { kind: 'interface', signatures: [this.#head(name, node)] };
      case SyntaxKind.FunctionDeclaration:
        return { kind: 'function', signatures: this.#signatures(declared) };
      case SyntaxKind.TypeAliasDeclaration:
        return { kind: 'type', signatures: [node.getText().replace(/^export /, '')] };
      default:
        return { kind: 'value', signatures: [this.#constant(declared)] };
    }
  }

  #target(symbol: ProgramSymbol): ProgramSymbol {
    return symbol.flags & SymbolFlags.Alias ? this.#project.checker.getAliasedSymbol(symbol) : symbol;
  }

  #declaration(symbol: ProgramSymbol): Node {
    const node = symbol.declarations[0]?.resolve(this.#project);
    if (node === undefined) throw new Error(`The compiler finds no declaration of ${symbol.name}.`);
    return node;
  }

  #docstring(symbol: ProgramSymbol): string {
    return this.#project.checker.getDocumentationCommentOfSymbol(symbol).trim();
  }

  /** `class Lock extends FairLock`, with the bases that a reader can look up. */
  #head(name: string, node: Node): string {
    if (!isClassDeclaration(node) && !isInterfaceDeclaration(node)) return name;
    const parameters = node.typeParameters?.map((each) => each.getText()).join(', ');
    const clauses = (node.heritageClauses ?? []).flatMap((clause) => {
      const bases = clause.types.filter((base) => this.#isPublic(base.expression));
      if (bases.length === 0) return [];
      return [`${wordOf(clause)} ${bases.map((base) => base.getText()).join(', ')}`];
    });
    const kind = isClassDeclaration(node) ? 'class' : 'interface';
    return [kind, parameters ? `${name}<${parameters}>` : name, ...clauses].join(' ');
  }

  /** Its members are told elsewhere: on the page, or in the documents of the language. */
  #isPublic(base: Expression): boolean {
    if (!isIdentifier(base) || base.text === 'Omit' || base.text === 'Pick') return false;
    const found = this.#project.checker.getSymbolAtLocation(base);
    const symbol = found && this.#target(found);
    if (symbol === undefined) return true;
    return this.#isExported(symbol) || !this.#isOwn(symbol);
  }

  #isExported(symbol: ProgramSymbol): boolean {
    return this.#exports.some((each) => each.symbol.id === symbol.id);
  }

  /** It is declared in the checkout, not by the language or its runtime. */
  #isOwn(symbol: ProgramSymbol): boolean {
    const file = symbol.declarations[0]?.resolve(this.#project)?.getSourceFile().fileName ?? '';
    return file.startsWith(this.#root) && !file.includes('/node_modules/');
  }

  #members(owner: ProgramSymbol, node: Node): readonly Declared[] {
    if (!isClassDeclaration(node) && !isInterfaceDeclaration(node)) return [];
    const { checker } = this.#project;
    const fromBases = new Set(
      (node.heritageClauses ?? [])
        .filter((clause) => isInterfaceDeclaration(node) || wordOf(clause) === 'extends')
        .flatMap((clause) => clause.types.filter((base) => this.#isPublic(base.expression)))
        .flatMap((base) => checker.getTypeAtLocation(base) ?? [])
        .flatMap((type) => checker.getPropertiesOfType(type).map((symbol) => symbol.name)),
    );
    const own = new Set([...owner.getMembers().values()].map((symbol) => symbol.id));
    const statics = [...owner.getExports().values()].filter(({ name }) => name !== 'prototype');
    const rest = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(owner));
    const constructors = [...owner.getMembers().values()].filter(({ name }) => name === '__constructor');
    return [...constructors, ...statics, ...rest]
      .filter((symbol) => own.has(symbol.id) || !fromBases.has(symbol.name))
      .filter((symbol) => this.#isOwn(symbol))
      .map((symbol) => ({ symbol, node: this.#declaration(symbol) }))
      .filter((declared) => this.#isForUsers(declared));
  }

  /** A constructor without a docstring is called by the package alone. */
  #isForUsers({ symbol, node }: Declared): boolean {
    const { checker } = this.#project;
    const { name } = partsOf(node);
    if (name !== undefined && isPrivateIdentifier(name)) return false;
    if (/^(private|protected|override (readonly )?name\b)/.test(node.getText())) return false;
    if (checker.getJsDocTagsOfSymbol(symbol).some((tag) => tag.name === 'internal')) return false;
    return !isConstructorDeclaration(node) || this.#docstring(symbol) !== '';
  }

  /** Of a class or an interface its own head and type, not its members. */
  #hiddenIn(node: Node): readonly string[] {
    const found: string[] = [];
    const visit = (each: Node): void => {
      if (isTypeReferenceNode(each)) {
        const name = this.#project.checker.getSymbolAtLocation(each.typeName);
        const symbol = name && this.#target(name);
        const isParameter = symbol !== undefined && (symbol.flags & SymbolFlags.TypeParameter) !== 0;
        if (symbol && !isParameter && this.#isOwn(symbol) && !this.#isExported(symbol)) found.push(symbol.name);
      }
      each.forEachChild(visit);
    };
    const { parameters = [], type } = partsOf(node);
    for (const each of type === undefined ? parameters : [...parameters, type]) visit(each);
    return found;
  }

  /** Of a function with overloads those, and not what does the work of all. */
  #signatures({ symbol, node }: Declared): readonly string[] {
    const nodes = symbol.declarations.map((each) => each.resolve(this.#project)).filter((each) => each !== undefined);
    const overloads = nodes.filter((each) => isMethodDeclaration(each) && partsOf(each).body === undefined);
    return (overloads.length > 0 ? overloads : [node]).map((each) => this.#signature({ symbol, node: each }));
  }

  /** From behind its docstring to its body, with the type that the compiler infers where none is written. */
  #signature({ symbol, node }: Declared): string {
    const { checker } = this.#project;
    if (isPropertyDeclaration(node)) {
      const type = node.type?.getText() ?? checker.typeToString(checker.getTypeOfSymbolAtLocation(symbol, node), node);
      const words = this.#text(node).split(/[=:;]/)[0] ?? '';
      return `${words.trim()}: ${oneLine(type)}`;
    }
    const text = this.#text(node, bodyOf(node)).replace(/;$/, '');
    if (partsOf(node).type !== undefined || isConstructorDeclaration(node)) return text;
    const signature = checker.getSignatureFromDeclaration(node);
    const result = signature && checker.getReturnTypeOfSignature(signature);
    return result === undefined ? text : `${text}: ${checker.typeToString(result, node)}`;
  }

  #constant({ symbol, node }: Declared): string {
    const { checker } = this.#project;
    if (!isVariableDeclaration(node)) return this.#text(node);
    const type = node.type?.getText() ?? checker.typeToString(checker.getTypeOfSymbolAtLocation(symbol, node), node);
    // The compiler leaves out the middle of a long type.
    return type.includes('... ') ? `const ${symbol.name}` : `const ${symbol.name}: ${oneLine(type)}`;
  }

  #text(node: Node, end = node.end): string {
    const source = node.getSourceFile();
    const text = source.text.slice(node.getStart(source), end);
    return oneLine(text)
      .replace(/^(?:export |override )+/, '')
      .replace(/^(static )?async (?:\*\s*)?/, '$1');
  }
}

function wordOf(clause: HeritageClause): string {
  return clause.token === SyntaxKind.ExtendsKeyword ? 'extends' : 'implements';
}

/** What only some kinds of declarations have. */
interface NodeParts {
  readonly name?: Node;
  readonly type?: Node;
  readonly body?: Node;
  readonly parameters?: readonly Node[];
}

function partsOf(node: Node): NodeParts {
  return node as NodeParts;
}

function nameOf(node: Node): string {
  return isConstructorDeclaration(node) ? 'constructor' : (partsOf(node).name?.getText() ?? '');
}

function bodyOf(node: Node): number {
  return partsOf(node).body?.pos ?? node.end;
}

/** As the formatter would write it on a line without an end. */
function oneLine(text: string): string {
  return (
    text
      .replace(/\/\*\*.*?\*\//gs, '')
      .replace(/\s+/g, ' ')
      .replace(/([([<]) /g, '$1')
      .replace(/,? ([)\]>])(?!=)/g, '$1')
      // What is taken apart in the head of a function is shown whole.
      .replace(/\{ [^{}]* \}: (\w*Options)\b/g, 'options: $1')
      .trim()
  );
}
