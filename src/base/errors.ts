/**
 * Typed errors, written for the person who reads them: where, what was expected, what came, what to do.
 * Match on the class, or on `code` once an error has crossed a worker or a wire; never on the text.
 */

export interface Complaint {
  /** What would have been accepted. */
  readonly expected: string;
  /** What came instead. */
  readonly got?: unknown;
  /** What to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Base of every error that Thinwire throws on purpose. */
export class ThinwireError extends Error {
  readonly code: string = "thinwire";
  readonly where: string;
  readonly expected: string;
  readonly got: unknown;
  readonly hint: string | undefined;

  constructor(where: string, complaint: Complaint) {
    const { expected, got, hint, cause } = complaint;
    const came = "got" in complaint ? `, got ${show(got)}` : "";
    super(`${where}: expected ${expected}${came}.${hint === undefined ? "" : ` ${hint}`}`, { cause });
    this.name = new.target.name;
    this.where = where;
    this.expected = expected;
    this.got = got;
    this.hint = hint;
  }
}

/** An option, a flag or a field of a job has a value that cannot be used. Exit code 2. */
export class ConfigError extends ThinwireError {
  override readonly code = "config";
}

/** A data file cannot be read, or holds what its format forbids. */
export class DataError extends ThinwireError {
  override readonly code = "data";
}

/** Two vectors that must have the same length or layout do not. */
export class ShapeError extends ThinwireError {
  override readonly code = "shape";
}

/** Bytes from a wire or a file do not decode: cut short, flipped, out of range or above a limit. */
export class CorruptError extends ThinwireError {
  override readonly code = "corrupt";
}

/** A vector holds NaN or infinity where only finite numbers may pass. */
export class NonFiniteError extends ThinwireError {
  override readonly code = "non-finite";
}

/** A checkpoint cannot be written, read or continued. */
export class CheckpointError extends ThinwireError {
  override readonly code = "checkpoint";
}

/** A model file cannot be loaded, or its functions threw or returned what they must not. */
export class ModelError extends ThinwireError {
  override readonly code = "model";
}

/** A peer that was waited for is gone. */
export class PeerLost extends ThinwireError {
  override readonly code = "peer-lost";
}

/** A peer may not join, or the key or ticket it would join with must not be used. */
export class AdmissionError extends ThinwireError {
  override readonly code = "admission";
}

/** A wait passed its deadline. */
export class DeadlineError extends ThinwireError {
  override readonly code = "deadline";
}

/** The run was asked to stop while this call waited. */
export class Aborted extends ThinwireError {
  override readonly code = "aborted";
}

/** A condition that only a bug can break. It crashes; it is never caught. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 120 ? `${value.slice(0, 117)}...` : value);
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value); // objects without a text, such as Object.create(null)
  }
}
