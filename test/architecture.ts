/**
 * The rules of the house that a machine can check, as one pure function over the text of the sources.
 */
import { posix } from "node:path";

/** A folder imports only itself and folders above it. */
export const LAYERS: readonly string[] = [
  "base",
  "ports",
  "kernels",
  "coding",
  "data",
  "compressors",
  "channels",
  "optimizers",
  "aggregators",
  "topologies",
  "rounds",
  "patterns",
  "recipes",
  "models",
  "simulation",
  "transports",
  "runs",
  "planning",
  "reproduction",
  "cli",
];

/** Packages, and the only layer that may know each. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["@jax-js/jax", "models"],
  ["onnxruntime-node", "models"],
  ["libp2p", "transports"],
  ["@libp2p/", "transports"],
  ["@chainsafe/libp2p", "transports"],
  ["@multiformats/multiaddr", "transports"],
  ["commander", "cli"],
  ["@resvg/resvg-wasm", "cli"],
  ["dejavu-fonts-ttf", "cli"],
]);

/** Where a clock may be read: a path or the start of one, and why. */
const CLOCKS: ReadonlyMap<string, string> = new Map([
  ["simulation/simulate.ts", "meters the real cost of a simulated run; virtual time never reads it"],
  ["simulation/benchmark.ts", "measures the simulator itself"],
  ["transports/", "peers on real wires live in real time"],
  ["cli/", "a screen shows real time"],
]);

/** Where Node's own modules may be imported; all else runs in workers and browsers too. */
const NODE_ONLY: ReadonlyMap<string, string> = new Map([
  ["data/files.ts", "reads data files, behind a dynamic import"],
  ["models/", "the engine that runs natively, and models loaded from files"],
  ["transports/threads/", "worker threads"],
  [
    "transports/libp2p/signing.ts",
    "signs within one step of membership, where no other engine gives its answer at once",
  ],
  ["transports/libp2p/reach.ts", "knows ranges of addresses, for hole punching, which takes Node's sockets"],
  ["runs/", "checkpoints and logs are files"],
  ["cli/", "the command"],
]);

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK|not (?:yet )?implemented|stub(?:bed|s)?)\b/i;

/** Helpers of tests may reach anywhere: they are never shipped. */
const isTestCode = (path: string): boolean => /\.(test|contract|arbitrary)\.ts$/.test(path);

const layerOf = (path: string): string => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "");

const allowed = (table: ReadonlyMap<string, string>, path: string): boolean =>
  [...table.keys()].some((start) => (start.endsWith("/") ? path.startsWith(start) : path === start));

/**
 * Every breach of the rules, one line each; none if all is well.
 * @param files text of the sources by their path below `src`, such as `base/units.ts`
 */
export function breaches(files: ReadonlyMap<string, string>): string[] {
  const shipped = [...files].filter(([path]) => !isTestCode(path));
  const imports = new Map(shipped.map(([path, source]) => [path, importsOf(source)]));
  return [
    ...[...imports].flatMap(([path, names]) => names.flatMap((name) => badImport(path, name, files))),
    ...cyclesAmong(imports),
    ...shipped.flatMap(([path, source]) => impurities(path, withoutComments(source))),
    ...[...files].flatMap(([path, source]) => {
      const word = UNFINISHED.exec(source)?.[0];
      return word === undefined ? [] : [`${path}: says "${word}"`];
    }),
  ];
}

/** What a module imports or re-exports, statically, dynamically or as a type. */
export function importsOf(source: string): string[] {
  const code = withoutComments(source);
  const froms = code.matchAll(/^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm);
  const bare = code.matchAll(/^\s*import\s*["']([^"']+)["']/gm);
  const dynamic = code.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g);
  return [...froms, ...bare, ...dynamic].map((match) => match[1] ?? "");
}

/** Comments off, strings left alone. */
const withoutComments = (source: string): string =>
  source.replace(/("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "$1");

const resolved = (from: string, name: string): string => posix.join(posix.dirname(from), name);

function badImport(path: string, name: string, files: ReadonlyMap<string, string>): string[] {
  if (name.startsWith("node:")) {
    return allowed(NODE_ONLY, path) ? [] : [`${path}: imports ${name}, which only Node has`];
  }
  const layer = layerOf(path);
  if (!name.startsWith(".")) {
    const [, owner] = [...PACKAGES].find(([start]) => name.startsWith(start)) ?? [];
    if (owner === undefined) return [`${path}: imports ${name}, which is no dependency of any layer`];
    return owner === layer ? [] : [`${path}: imports ${name}, which only ${owner}/ may know`];
  }
  const target = resolved(path, name);
  if (target.startsWith("../")) return [`${path}: imports ${name}, outside src`];
  if (!files.has(target)) return [`${path}: imports ${name}, which is not there`];
  if (isTestCode(target)) return [`${path}: imports ${name}, which is not shipped`];
  if (path === "index.ts") return [];
  const [here, there] = [LAYERS.indexOf(layer), LAYERS.indexOf(layerOf(target))];
  if (here < 0) return [`${path}: lies in src/${layer}, which is no layer`];
  return there >= 0 && there <= here ? [] : [`${path}: imports upward, ${target}`];
}

/** One line for each group of files that import each other in a circle. */
function cyclesAmong(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`cycle: ${[...trail.slice(start), path].join(" -> ")}`);
    if (start >= 0 || finished.has(path)) return;
    trail.push(path);
    for (const name of imports.get(path) ?? []) if (name.startsWith(".")) visit(resolved(path, name));
    trail.pop();
    finished.add(path);
  };
  for (const path of imports.keys()) visit(path);
  return found;
}

function impurities(path: string, code: string): string[] {
  const found: string[] = [];
  if (/\bMath\.random\b/.test(code)) found.push(`${path}: draws from Math.random instead of a Random`);
  const clock = /\bDate\.now\b|\bperformance\.now\b|\bnew Date\(\)|\bhrtime\b/.exec(code)?.[0];
  if (clock !== undefined && !allowed(CLOCKS, path)) found.push(`${path}: reads ${clock} instead of Peer.clock`);
  return found;
}
