/**
 * Where the arrays of a data set lie: in this thread's memory, or in memory that worker threads share.
 */
import { ConfigError } from "../base/errors.ts";

export interface Memory {
  floats(length: number): Float32Array;
  ints(length: number): Int32Array;
}

export const ownMemory: Memory = {
  floats: (length) => new Float32Array(length),
  ints: (length) => new Int32Array(length),
};

export const sharedMemory: Memory = {
  floats: (length) => new Float32Array(sharedBuffer(4 * length)),
  ints: (length) => new Int32Array(sharedBuffer(4 * length)),
};

function sharedBuffer(size: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === "undefined") {
    const hint = "In a browser the page must be served with COOP and COEP headers.";
    throw new ConfigError("shared data", { expected: "SharedArrayBuffer", got: "none", hint });
  }
  return new SharedArrayBuffer(size);
}
