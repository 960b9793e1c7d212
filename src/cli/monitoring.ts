/**
 * Joins a run to the server that it is watched through.
 */
import { EXPOSITION_TYPE } from "../runs/exposition.ts";
import { RunMetrics } from "../runs/metrics.ts";
import type { RunListener } from "../runs/result.ts";
import type { MonitorChoice } from "./options/monitor-options.ts";
import type { World } from "./world.ts";

export interface Monitoring {
  /** What the run tells. */
  readonly listener: RunListener;
  /** Where the pages are; undefined if nobody asked. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

/** @throws {ConfigError} if the address cannot be listened on */
export async function openMonitoring(
  world: Pick<World, "now" | "openMonitor">,
  choice: MonitorChoice | undefined,
): Promise<Monitoring> {
  if (choice === undefined) return { listener: {}, url: undefined, close: async () => {} };
  const metrics = new RunMetrics(world.now);
  const { url, close } = await world.openMonitor(
    choice.address,
    new Map([
      ["/metrics", () => ({ status: 200, type: EXPOSITION_TYPE, body: metrics.text() })],
      ["/healthz", () => healthPage(metrics, choice)],
    ]),
  );
  return { listener: metrics, url, close };
}

function healthPage(metrics: RunMetrics, { stallAfter }: MonitorChoice) {
  const health = metrics.health(stallAfter);
  const status = health.status === "stalled" ? (503 as const) : (200 as const);
  return { status, type: "application/json; charset=utf-8", body: `${JSON.stringify(health)}\n` };
}

/** One listener that tells two. */
export const tellBoth = (one: RunListener, other: RunListener): RunListener => ({
  started(header) {
    one.started?.(header);
    other.started?.(header);
  },
  progress(progress) {
    one.progress?.(progress);
    other.progress?.(progress);
  },
  regrouped(change) {
    one.regrouped?.(change);
    other.regrouped?.(change);
  },
  trouble(line) {
    one.trouble?.(line);
    other.trouble?.(line);
  },
});
