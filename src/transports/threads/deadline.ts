/**
 * Real deadlines for a mailbox.
 */
import type { After } from "../../rounds/mailbox.ts";
import { realTime } from "./clock.ts";

/** The longest that the engine's timers can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Never early. A deadline keeps no thread alive: a program that left a wait behind ends without it. */
export const after: After = (delay, callback) => {
  const due = realTime() + delay;
  let timer = setTimeout(look, msUntil(due)).unref();
  function look(): void {
    if (realTime() >= due) callback();
    else timer = setTimeout(look, msUntil(due)).unref();
  }
  return () => clearTimeout(timer);
};

const msUntil = (due: number): number => Math.min(TIMER_MS_MAX, Math.ceil((due - realTime()) * 1000));
