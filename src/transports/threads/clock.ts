/**
 * One monotonic clock for all threads of a process: `performance.now` counts from the start of each thread, the clock
 * under it from the start of the machine.
 */
import { type Seconds, seconds } from "../../base/units.ts";

const sinceThreadStart = performance.now();
const threadStart = Number(process.hrtime.bigint()) / 1e9 - sinceThreadStart / 1e3;

/** Comparable between the threads of one process, to a few microseconds. */
export const realTime = (): Seconds => seconds(threadStart + performance.now() / 1e3);
