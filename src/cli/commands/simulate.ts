/**
 * `thinwire simulate`: the same job in virtual time.
 */
import type { Command } from "commander";
import type { ExitCode } from "../exit-codes.ts";
import type { World } from "../world.ts";
import { runCommand } from "./run-command.ts";

export const simulateCommand = (world: World, end: (code: ExitCode) => void): Command =>
  runCommand(
    {
      name: "simulate",
      summary: "the same job in virtual time, with as many peers as you like",
      description:
        "Trains in virtual time: all peers live in this process, wires and local steps cost virtual seconds only. Equal options and seeds give the parameters of train, bit for bit.",
      examples: `\
Examples:
  thinwire simulate --link 20mbit/30ms
  thinwire simulate --peers 100 --batch 8 --compressor sign --until accuracy=0.9
  thinwire simulate --rounds 50 --out runs/short --json
  thinwire simulate --peers 32 --stragglers 0.1:5x --loss 0.01
  thinwire simulate --rounds 5 --trace trace.json`,
      alwaysWrites: false,
    },
    world,
    end,
  );
