/**
 * A strict reader of the YAML that the deployment files keep to: mappings and sequences in blocks, JSON in place of a block
 * (`[2, 3]`, `{}`, `"True"`), literal text after `|`, plain scalars on one line, comments on lines of their own. Anything
 * else, two equal keys included, is an error that names the line.
 */
import assert from "node:assert/strict";

export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/** The documents of a file. */
export function readYaml(text: string): Yaml[] {
  const documents: Line[][] = [[]];
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "---") documents.push([]);
    else documents.at(-1)!.push({ number: i + 1, indent: line.search(/\S|$/), text: line.trim() });
  }
  return documents.map((lines) => new Reader(lines).document());
}

const KEY = /^([\w./-]+):(?: (.+))?$/;
const PLAIN = /^[A-Za-z0-9_/.-][\w/.:-]*$/;

class Reader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  document(): Yaml {
    const value = this.#block(0);
    assert.equal(this.#next(), undefined, `line ${this.#next()?.number}: a line that belongs to nothing`);
    return value;
  }

  /** Past comments and empty lines. */
  #next(): Line | undefined {
    while (/^(#.*)?$/.test(this.#lines[this.#at]?.text ?? "-")) this.#at += 1;
    return this.#lines[this.#at];
  }

  #block(indent: number): Yaml {
    const first = this.#next();
    assert.ok(first !== undefined && first.indent === indent, `line ${first?.number}: a block indented by ${indent}`);
    return first.text.startsWith("- ") ? this.#sequence(indent) : this.#mapping(indent);
  }

  #sequence(indent: number): Yaml[] {
    const items: Yaml[] = [];
    for (let line = this.#next(); line?.indent === indent && line.text.startsWith("- "); line = this.#next()) {
      const item = { ...line, indent: indent + 2, text: line.text.slice(2) };
      if (KEY.test(item.text)) {
        // The item's first key stands behind the dash; the others are indented as far.
        items.push(this.#mapping(indent + 2, item));
      } else {
        this.#at += 1;
        items.push(scalar(item));
      }
    }
    return items;
  }

  #mapping(indent: number, head?: Line): Yaml {
    const entries = new Map<string, Yaml>();
    for (let line = head ?? this.#next(); line?.indent === indent && !line.text.startsWith("- "); line = this.#next()) {
      const [, key = "", rest] = KEY.exec(line.text) ?? assert.fail(`line ${line.number}: no key: ${line.text}`);
      assert.ok(!entries.has(key), `line ${line.number}: ${key} comes twice`);
      this.#at += 1;
      entries.set(key, this.#value(line, rest));
    }
    return Object.fromEntries(entries);
  }

  #value(line: Line, rest: string | undefined): Yaml {
    if (rest === "|") return this.#literal(line.indent + 2);
    return rest === undefined ? this.#block(line.indent + 2) : scalar({ ...line, text: rest });
  }

  #literal(indent: number): string {
    const lines: string[] = [];
    for (let line = this.#lines[this.#at]; line && line.indent >= indent; line = this.#lines[++this.#at]) {
      lines.push(" ".repeat(line.indent - indent) + line.text);
    }
    return `${lines.join("\n")}\n`;
  }
}

function scalar({ text, number }: Line): Yaml {
  if (/^["[{]/.test(text)) return JSON.parse(text);
  if (/^-?\d+$/.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  assert.match(text, PLAIN, `line ${number}: a scalar that needs quotes`);
  assert.ok(!/^(y|yes|n|no|on|off|null|~)$/i.test(text), `line ${number}: a word that YAML may read as another value`);
  return text;
}
