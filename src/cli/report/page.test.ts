import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkJob, type Job } from "../../runs/job.ts";
import { evaluation, resultOf } from "../testing/fake-world.ts";
import type { ComparedRun } from "./comparison.ts";
import { reportPage } from "./page.ts";

const job: Job = checkJob({ until: "accuracy=0.95", link: "20mbit" });
const day = new Date(Date.UTC(2026, 2, 9, 14, 5));
const run = (name: string, fields: Parameters<typeof resultOf>[1] = {}): ComparedRun => {
  const result = resultOf(job, fields);
  return { name, status: result.outcome, result };
};
const page = (...runs: ComparedRun[]) => reportPage({ runs, job, clock: "wall" }, day);

test("every tag that is opened is closed, in order", () => {
  checkNesting(page(run("sgd"), run("double-squeeze/sign"), { name: "x", status: "failed", error: new Error("no") }));
});

test("text from outside stays text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const html = page(run(`<b>&"'${text}`), {
        name: `</td>${text}`,
        status: "failed",
        error: new Error(`<i>${text}`),
      });
      assert.ok(!/<b>|<i>|<\/td><\/td>/.test(html.replaceAll("</th>", "")));
      checkNesting(html);
    }),
    { numRuns: 30 },
  );
});

test("the page needs nothing but itself: no scripts and nothing from the network", () => {
  const html = page(run("sgd"));
  assert.ok(!/<script|<link|<img|@import|url\(|https?:|\bon\w+=/i.test(html));
});

test("there are plots over bytes, time and rounds, each with a line for every run and the target", () => {
  const html = page(run("sgd"), run("double-squeeze/sign"));
  const plots = html.match(/<svg.*?<\/svg>/gs) ?? [];
  assert.equal(plots.length, 3);
  for (const plot of plots) {
    assert.equal(plot.match(/<polyline/g)?.length, 2);
    assert.match(plot, /target 95 %/);
    assert.ok(!/NaN|Infinity|undefined/.test(plot));
  }
});

test("curves of one point, none, or without accuracy are drawn without numbers that are none", () => {
  const curves = [
    [],
    [evaluation(1, 0.5)],
    [evaluation(1, null), evaluation(2, null)],
    [{ ...evaluation(3, 0.1), loss: Number.NaN }],
  ];
  for (const curve of curves) {
    const html = page(run("sgd", { curve }));
    assert.ok(!/NaN|Infinity|undefined/.test(html.replace(/<dl>.*/s, "")));
    checkNesting(html);
  }
});

test("the job's options are named", () => {
  const html = page(run("sgd"));
  assert.match(html, /<dt>--eval-every<\/dt><dd>10<\/dd>/);
  assert.match(html, /<dt>--link<\/dt><dd>20mbit<\/dd>/);
  assert.match(html, /color-scheme: light dark/);
});

const VOID = new Set(["meta", "line", "circle", "polyline", "br"]);

function checkNesting(html: string): void {
  const open: string[] = [];
  const body = html.replace(/<style>.*?<\/style>/s, "").replace("<!doctype html>", "");
  for (const [tag, slash, name = ""] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?>/g)) {
    if (VOID.has(name) || tag.endsWith("/>")) continue;
    if (slash === "/") assert.equal(open.pop(), name);
    else open.push(name);
  }
  assert.deepEqual(open, []);
  const text = body.replace(/<\/?[a-z][^<>]*>/g, "");
  assert.ok(!/[<>]/.test(text), "no angle bracket in text");
}
