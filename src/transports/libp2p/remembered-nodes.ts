/**
 * Nodes to remember, the last ones: strangers cannot fill the memory with their names.
 */

const REMEMBERED_MAX = 4096;

export class RememberedNodes {
  readonly #nodes = new Set<string>();

  add(node: string): void {
    this.#nodes.delete(node);
    this.#nodes.add(node);
    const [oldest] = this.#nodes;
    if (this.#nodes.size > REMEMBERED_MAX && oldest !== undefined) this.#nodes.delete(oldest);
  }

  delete(node: string): void {
    this.#nodes.delete(node);
  }

  has(node: string): boolean {
    return this.#nodes.has(node);
  }
}
