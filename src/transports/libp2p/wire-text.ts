/**
 * Text within messages of strangers, fit to be printed and logged.
 */
import type { ByteSource } from "../../coding/bytes.ts";

/** The next `length` bytes as printable ASCII without spaces. @throws {CorruptError} */
export function ascii(source: ByteSource, length: number): string {
  const bytes = source.bytes(length);
  if (!bytes.every((byte) => byte > 32 && byte < 127)) throw source.corrupt("printable ASCII");
  return String.fromCharCode(...bytes);
}

/** The next `length` bytes as UTF-8 without control, format or separator characters. @throws {CorruptError} */
export function printable(source: ByteSource, length: number): string {
  const bytes = source.bytes(length);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw source.corrupt("UTF-8");
  }
  if (!isPrintable(text)) throw source.corrupt("printable text");
  return text;
}

/** Space is the only separator. */
export const isPrintable = (text: string): boolean => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
