/**
 * README.md of a folder of reproduced results: a table, then each experiment with its plot.
 */
import { cpus } from "node:os";
import type { ReproductionResult } from "../../reproduction/result.ts";

export function resultsPage(results: readonly ReproductionResult[]): string {
  const rows = results.map(
    ({ name, title, paper, verdict, seconds }) =>
      `| [${name}](#${name}) | ${cell(title)} | ${paperLink(paper)} | ${verdict} | ${seconds.toFixed(1)} |`,
  );
  const parts = results.map(
    ({ name, title, paper, claim, setting, measured, verdict, reason }) => `## ${name}

${title} (${paperLink(paper)}).

![${title}](${name}.svg)

- **Claim:** ${claim}
- **Setting:** ${setting}
- **Measured:** ${measured}
- **Verdict:** ${verdict}${reason === undefined ? "" : `\n- **Note:** ${reason}`}
`,
  );
  return `# Reproduced results

Small experiments of papers, run with Thinwire's own recipes, channels and compressors in its simulator. Parameters and
messages are f32, so what falls "to zero" in a paper stops at the precision of f32 here. Numbers in a claim are the paper's
own, or where it has none for so small a setting those of a plain f64 program of its listing; plateaus of random methods are
orders of magnitude. Made by \`thinwire reproduce --all --data DIR\`; the same command gives the same numbers, but for the
seconds, measured on ${machine()}.

| experiment | what it shows | paper | verdict | seconds |
| --- | --- | --- | --- | ---: |
${rows.join("\n")}

${parts.join("\n")}`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** arXiv numbers become links. */
const paperLink = (paper: string): string =>
  paper.replace(/arXiv:(\d{4}\.\d{4,5})/g, (_, id: string) => `[arXiv:${id}](https://arxiv.org/abs/${id})`);

/** `2 cores of AMD EPYC, Node 24.1.0` */
function machine(): string {
  const cores = cpus();
  const model = cores[0]?.model.trim() || "an unnamed processor";
  return `${cores.length} ${cores.length === 1 ? "core" : "cores"} of ${model}, Node ${process.versions.node}`;
}
