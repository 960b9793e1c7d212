/**
 * Errors as plain data, to cross a thread: taken apart at one end and rebuilt at the other with their class, found by
 * `code`, their text, their stack and their cause.
 */
import {
  Aborted,
  AdmissionError,
  CheckpointError,
  type Complaint,
  ConfigError,
  CorruptError,
  DataError,
  DeadlineError,
  ModelError,
  NonFiniteError,
  PeerLost,
  ShapeError,
  ThinwireError,
} from "../../base/errors.ts";

export interface CrossedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: CrossedError | undefined;
  /** Of an error that Thinwire threw on purpose. */
  readonly complaint: CrossedComplaint | undefined;
}

interface CrossedComplaint {
  readonly code: string;
  readonly where: string;
  readonly expected: string;
  /** As it was if it is a string, number, boolean or null; else as text. */
  readonly got: unknown;
  readonly hint: string | undefined;
}

const CLASSES: readonly (new (where: string, complaint: Complaint) => ThinwireError)[] = [
  Aborted,
  AdmissionError,
  CheckpointError,
  ConfigError,
  CorruptError,
  DataError,
  DeadlineError,
  ModelError,
  NonFiniteError,
  PeerLost,
  ShapeError,
];

const classOf = new Map(CLASSES.map((Class) => [new Class("", { expected: "" }).code, Class]));

/** Causes are followed this deep; an error may even be its own cause. */
const CAUSES_MAX = 8;

/** Takes an error apart, or whatever was thrown. */
export function crossError(thrown: unknown, depth = 0): CrossedError {
  const error = thrown instanceof Error ? thrown : new Error(textOf(thrown));
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    stack,
    cause: cause === undefined || depth === CAUSES_MAX ? undefined : crossError(cause, depth + 1),
    complaint: error instanceof ThinwireError ? complaintOf(error) : undefined,
  };
}

function complaintOf({ code, where, expected, got, hint }: ThinwireError): CrossedComplaint {
  const plain = got === null || ["string", "number", "boolean", "undefined"].includes(typeof got);
  return { code, where, expected, got: plain ? got : textOf(got), hint };
}

/** Even of a value that has no text of its own. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** Builds the error again; an unknown class becomes its nearest base, with the name it had. */
export function rebuildError(crossed: CrossedError): Error {
  const error = rebuildBare(crossed);
  // The text is what the sender read, even where `got` was no plain value; the stack tells where it was thrown.
  const { message, stack, name } = crossed;
  for (const [key, value] of Object.entries({ message, stack, name })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
  }
  return error;
}

function rebuildBare({ complaint, cause: crossedCause, message }: CrossedError): Error {
  const cause = crossedCause === undefined ? {} : { cause: rebuildError(crossedCause) };
  if (complaint === undefined) return new Error(message, cause);
  const { code, where, expected, got, hint } = complaint;
  const Class = classOf.get(code) ?? ThinwireError;
  return new Class(where, { expected, got, ...(hint === undefined ? {} : { hint }), ...cause });
}
