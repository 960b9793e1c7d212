/**
 * `thinwire export`: a trained model for other programs.
 */
import { join } from "node:path";
import { Command } from "commander";
import { parseNumber } from "../../base/spec.ts";
import { formatBytes } from "../../base/units.ts";
import type { Exported } from "../../runs/export.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatCount, formatRounds, wrap } from "../format.ts";
import { readFolder } from "../options/run-options.ts";
import type { World } from "../world.ts";

interface ExportOptions {
  readonly out?: string;
  readonly rows?: string;
  readonly json?: boolean;
}

const ROWS = { integer: true, min: 1, max: 1_000_000 } as const;

export function exportCommand(world: World, end: (code: ExitCode) => void): Command {
  return new Command("export")
    .summary("a trained model as an ONNX file")
    .description(
      "Writes the model of a run, or of one of its checkpoints, as an ONNX file: its input is named inputs, f32 rows as the data " +
        "have them, its output scores. The run's data are read once more. Parameters alone lie in every checkpoint as " +
        "model.safetensors.",
    )
    .argument("<path>", "a run folder, or a checkpoint in it")
    .option("--out <file>", "file to write (default: model.onnx in the folder)")
    .option("--rows <n>", "rows that the file takes at once (default: any number; 1 where the model fixes it)")
    .option("--json", "print one JSON object instead (default: off)")
    .addHelpText("after", "\nExample:\n  thinwire export runs/train-2026-03-09T14-05-33 --out digits.onnx")
    .action(async (path: string, { out, rows, json }: ExportOptions) => {
      const from = readFolder(path, "export") ?? path;
      const wanted = rows === undefined ? undefined : parseNumber(rows, "--rows", ROWS);
      const exported = await world.engines.exportModel(from, out ?? join(from, "model.onnx"), wanted);
      const width = Math.max(20, world.stdout.columns ?? 80);
      world.stdout.write(json === true ? `${JSON.stringify(exported)}\n` : `${lines(exported, width).join("\n")}\n`);
      end(EXIT.done);
    });
}

function lines({ path, bytes, model, parameters, round, rows, inputShape }: Exported, width: number): string[] {
  const takes = [
    rows === null ? "any number of rows" : `${formatCount(rows)} ${rows === 1 ? "row" : "rows"}`,
    ...inputShape,
  ];
  return [
    `${path}: ${formatBytes(bytes)}`,
    ...wrap(`${model} of ${formatCount(parameters)} parameters after ${formatRounds(round)}`, width),
    ...wrap(`inputs: f32, ${takes.join(" x ")}; scores: f32`, width),
  ];
}
