/**
 * Watches the checkpoints of all peers: whoever has done a round holds the same parameters, bit for bit.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export class Replicas {
  /** Of each round the hash, and who had it first. */
  readonly #hashes = new Map<number, { readonly hash: string; readonly peers: string[] }>();
  readonly #seen = new Set<string>();
  readonly #differences: string[] = [];

  /** One line for each pair that differs. */
  get differences(): readonly string[] {
    return this.#differences;
  }

  /** Rounds of which the parameters of two peers or more were compared. */
  get compared(): number {
    return [...this.#hashes.values()].filter(({ peers }) => peers.length > 1).length;
  }

  /** Reads what is new in the folder of a peer. */
  async look(name: string, folder: string): Promise<void> {
    const checkpoints = join(folder, "checkpoints");
    for (const entry of await readdir(checkpoints).catch(() => [])) {
      const path = join(checkpoints, entry, "checkpoint.json");
      if (!/^round-\d+$/.test(entry) || this.#seen.has(path)) continue;
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) continue; // it has just been cleared away
      this.#seen.add(path);
      const { round, paramsHash } = JSON.parse(text) as { round: number; paramsHash: string }; // a checkpoint's fields
      this.note(name, round, paramsHash);
    }
  }

  note(name: string, round: number, hash: string): void {
    const known = this.#hashes.get(round);
    if (known === undefined) {
      this.#hashes.set(round, { hash, peers: [name] });
      return;
    }
    if (known.hash !== hash) {
      this.#differences.push(
        `round ${round}: ${known.peers} had ${known.hash.slice(0, 12)}, ${name} ${hash.slice(0, 12)}`,
      );
    } else if (!known.peers.includes(name)) known.peers.push(name);
  }
}
