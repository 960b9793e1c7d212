import assert from "node:assert/strict";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { test } from "node:test";
import { collector, YoungGarbage } from "./young-garbage.ts";

test("young garbage is collected once in every 4 MiB that cross", () => {
  let collections = 0;
  const garbage = new YoungGarbage(() => {
    collections += 1;
  });
  for (let i = 0; i < 41; i++) garbage.crossed(2 ** 20);
  assert.equal(collections, 10);
});

test("Node has a young collection to offer, and it is none of the whole heap", async () => {
  const kinds = new Promise<unknown[]>((resolve) => {
    const observer = new PerformanceObserver((list) => {
      const entries = list.getEntries() as (PerformanceEntry & { readonly detail?: { readonly kind: number } })[];
      resolve(entries.map(({ detail }) => detail?.kind)); // entries of type gc have it
      observer.disconnect();
    });
    observer.observe({ entryTypes: ["gc"] });
  });
  collector()!({ type: "minor" });
  assert.ok((await kinds).includes(constants.NODE_PERFORMANCE_GC_MINOR));
});
