/**
 * Options as they stand in a spec, `adam:b2=0.99,eps-mode=inside`: each with its meaning, its default and how it is read.
 */
import { asValue, lookUp, parseNumber } from "./spec.ts";

export interface Option<T> {
  readonly meaning: string;
  readonly default: T;
  /** @throws {ConfigError} naming `where` */
  parse(text: string, where: string): T;
}

/** One option a field. */
export type Options<O> = { readonly [K in keyof O]-?: Option<O[K]> };

type Bounds = NonNullable<Parameters<typeof parseNumber>[2]>;

export const number = (meaning: string, fallback: number, bounds: Bounds): Option<number> => ({
  meaning,
  default: fallback,
  parse: (text, where) => parseNumber(text, where, bounds),
});

/** A number, or nothing: the part then takes its own, or is left out. */
export const optionalNumber = (meaning: string, bounds: Bounds): Option<number | undefined> => ({
  meaning,
  default: undefined,
  parse: (text, where) => parseNumber(text, where, bounds),
});

/** One of some words, the first unless said otherwise. */
export const choice = <const W extends readonly [string, ...string[]]>(
  meaning: string,
  words: W,
): Option<W[number]> => ({
  meaning: `${meaning}: ${words.join(", ")}`,
  default: words[0],
  parse: (text, where) => lookUp(new Map<string, W[number]>(words.map((word) => [word, word])), text, where, "one of"),
});

export const flag = (meaning: string, fallback: boolean): Option<boolean> => ({
  meaning,
  default: fallback,
  parse: (text, where) =>
    lookUp(
      new Map([
        ["true", true],
        ["false", false],
      ]),
      text,
      where,
      "one of",
    ),
});

/**
 * The value of every option of the table, and the words of a canonical spec: those that are not the default.
 * @throws {ConfigError} naming `where` and the option
 */
export function readOptions(
  table: ReadonlyMap<string, Option<unknown>>,
  texts: ReadonlyMap<string, string>,
  where: string,
): { values: ReadonlyMap<string, unknown>; words: readonly string[] } {
  const values = new Map<string, unknown>();
  const words: string[] = [];
  for (const [name, option] of table) {
    const text = texts.get(name);
    const value = text === undefined ? option.default : option.parse(text, `${where}: ${name}`);
    values.set(name, value);
    if (value !== option.default) words.push(`${name}=${asValue(String(value))}`);
  }
  return { values, words };
}
