import { type AST, parseTOML } from 'toml-eslint-parser';
import type { KeyPath } from './error.ts';

/** Counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where the keys of a TOML file stand. */
export class Positions {
  readonly #positions = new Map<string, Position>();

  /** @throws ParseError unless `text` is TOML 1.1 */
  constructor(text: string) {
    for (const node of parseTOML(text, { tomlVersion: '1.1' }).body[0].body) {
      if (node.type === 'TOMLTable') this.#addTable(node);
      else this.#addPair(node, []);
    }
  }

  /** The key at `path`, or the nearest section or key around it; the file's start when there is none. */
  find(path: KeyPath): Position {
    for (let length = path.length; length > 0; length--) {
      const position = this.#positions.get(id(path.slice(0, length)));
      if (position !== undefined) return position;
    }
    return { line: 1, column: 1 };
  }

  #addTable(table: AST.TOMLTable): void {
    this.#addKeys(table.resolvedKey, table);
    for (const pair of table.body) this.#addPair(pair, table.resolvedKey);
  }

  #addPair(pair: AST.TOMLKeyValue, section: KeyPath): void {
    const path = [
      ...section,
      ...pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value)),
    ];
    this.#addKeys(path, pair.key);
    this.#addContent(pair.value, path);
  }

  #addContent(value: AST.TOMLContentNode, path: KeyPath): void {
    if (value.type === 'TOMLInlineTable') {
      for (const pair of value.body) this.#addPair(pair, path);
    } else if (value.type === 'TOMLArray') {
      for (const [index, element] of value.elements.entries()) {
        this.#addKeys([...path, index], element);
        this.#addContent(element, [...path, index]);
      }
    }
  }

  #addKeys(path: KeyPath, { loc }: AST.TOMLNode): void {
    // A dotted key or a deeper section's header is also where the sections around it begin, unless they began before.
    for (let length = path.length; length > 0; length--) {
      const key = id(path.slice(0, length));
      if (this.#positions.has(key)) continue;
      this.#positions.set(key, { line: loc.start.line, column: loc.start.column + 1 });
    }
  }
}

function id(path: KeyPath): string {
  return JSON.stringify(path);
}
