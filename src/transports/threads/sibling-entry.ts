/**
 * The module of a worker that stands beside the module that starts it: `.ts` in a clone, `.js` in the compiled package.
 *
 * @param name without its ending, such as `./train-worker`
 * @param from `import.meta.url` of the module that asks
 */
export function siblingEntry(name: string, from: string): URL {
  const ending = /\.[cm]?[jt]s$/.exec(new URL(from).pathname)?.[0] ?? ".js";
  return new URL(`${name}${ending}`, from);
}
