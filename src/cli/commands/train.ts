/**
 * `thinwire train`: a job on this machine's worker threads, in real time.
 */
import type { Command } from "commander";
import type { ExitCode } from "../exit-codes.ts";
import type { World } from "../world.ts";
import { runCommand } from "./run-command.ts";

export const trainCommand = (world: World, end: (code: ExitCode) => void): Command =>
  runCommand(
    {
      name: "train",
      summary: "train on this machine's worker threads",
      description:
        "Trains one model on this machine: each peer is a worker thread, and every message passes a wire that is as slow as --link says. Time is real.",
      examples: `\
Examples:
  thinwire train
  thinwire train --compressor sign --link 5mbit/40ms --until accuracy=0.95
  thinwire train --data idx:mnist --model mlp:512,128 --peers 8 --rounds 500
  thinwire train --resume runs/train-2026-03-09T14-05-33`,
      alwaysWrites: true,
    },
    world,
    end,
  );
