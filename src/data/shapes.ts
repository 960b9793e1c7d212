/**
 * Generated colour images of 32 × 32 pixels: ten shapes in random colours, places and sizes, under noise. For models of
 * colour images where no folder of photographs is at hand.
 */
import { Random } from "../base/random.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { Dataset } from "../ports/dataset.ts";
import { type Memory, ownMemory } from "./memory.ts";
import { testShareOf } from "./options.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitInOrder } from "./split.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;

/** Belongs to the set and not to the job: every job sees the same images. */
const SEED = 2026;
const NOISE = 0.15;

/** True where the shape covers the point; x and y from the centre, in units of the radius. */
type Inside = (x: number, y: number) => boolean;

const stripes = (t: number): boolean => Math.abs(t) < 1 && Math.floor((t + 1) * 2.5) % 2 === 0;

const SHAPES: readonly Inside[] = [
  (x, y) => x * x + y * y < 1, // disc
  (x, y) => x * x + y * y < 1 && x * x + y * y > 0.36, // ring
  (x, y) => Math.abs(x) < 0.85 && Math.abs(y) < 0.85, // square
  (x, y) => Math.abs(x) < 0.9 && Math.abs(y) < 0.9 && Math.max(Math.abs(x), Math.abs(y)) > 0.55, // frame
  (x, y) => y < 0.8 && y > 2 * Math.abs(x) - 1, // triangle, point up
  (x, y) => y > -0.8 && -y > 2 * Math.abs(x) - 1, // triangle, point down
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 1 && Math.min(Math.abs(x), Math.abs(y)) < 0.28, // upright cross
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.9 && Math.abs(Math.abs(x) - Math.abs(y)) < 0.3, // slanted cross
  (x, y) => Math.abs(x) < 1 && stripes(y), // lying stripes
  (x, y) => Math.abs(y) < 1 && stripes(x), // standing stripes
];

export const shapes: DataSource = {
  name: "shapes",
  summary: "generated colour images of 32 x 32 pixels: ten shapes under noise",
  options: ["rows=5000", "test=0.2"],
  async open(spec, _options, memory) {
    checkArguments(spec, "--data", 0, ["rows", "test"]);
    const bounds = { integer: true, min: 10, max: 60_000 };
    const whole = drawShapes(parseNumber(spec.options.get("rows") ?? "5000", "--data: rows", bounds), memory);
    return splitInOrder(whole, heldOut(whole.rows, testShareOf(spec), spec.text));
  },
};

/** The first `rows` images; their classes take turns. */
export function drawShapes(rows: number, memory: Memory = ownMemory): Dataset {
  const inputs = memory.floats(rows * 3 * PLANE);
  const targets = memory.ints(rows);
  const root = Random.fromSeed(SEED).split("shapes");
  for (let row = 0; row < rows; row++) {
    targets[row] = row % SHAPES.length;
    drawShape(
      SHAPES[row % SHAPES.length]!,
      root.split(`${row}`),
      inputs.subarray(row * 3 * PLANE, (row + 1) * 3 * PLANE),
    );
  }
  return { name: "shapes", rows, inputShape: [3, SIDE, SIDE], inputs, targets, classes: SHAPES.length };
}

function drawShape(inside: Inside, rng: Random, out: Float32Array): void {
  const layout = rng.split("layout");
  const between = (i: number, low: number, high: number): number => low + (high - low) * layout.uniform(i);
  const radius = between(0, 6, 11);
  const [centreX, centreY] = [between(1, radius, SIDE - radius), between(2, radius, SIDE - radius)];
  const noise = rng.split("noise");
  for (let channel = 0; channel < 3; channel++) {
    const ground = between(3 + channel, 0, 1);
    // At least 0.3 from the ground, to the side that has more room.
    const colour = ground < 0.5 ? between(6 + channel, ground + 0.3, 1) : between(6 + channel, 0, ground - 0.3);
    for (let place = 0; place < PLANE; place++) {
      const [x, y] = [(place % SIDE) + 0.5, Math.floor(place / SIDE) + 0.5];
      const base = inside((x - centreX) / radius, (y - centreY) / radius) ? colour : ground;
      const i = channel * PLANE + place;
      out[i] = Math.min(1, Math.max(0, base + NOISE * noise.normal(i)));
    }
  }
}
