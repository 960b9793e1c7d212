/**
 * The word that the processes of one launch share, from which the keys of their swarm are derived.
 *
 * THINWIRE_SECRET is a secret if it is kept as one. Without it the word is what the launcher calls the job: that keeps two
 * launches apart, but whoever knows the names and reaches the port could join, so the network has to be trusted.
 */
import { ConfigError } from "../base/errors.ts";
import { KeyPair } from "../transports/libp2p/keys.ts";
import type { Launch } from "./launch.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface LaunchWord {
  readonly text: string;
  /** The user gave it: whoever knows it may come back when the swarm is complete. */
  readonly secret: boolean;
}

/** What launchers call a job, the same in all of its processes. */
const JOB_NAMES = [
  ...["SLURM_JOB_ID", "SLURM_STEP_ID", "TORCHELASTIC_RUN_ID", "PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_JOBID"],
];

const SECRET_LENGTH_MIN = 8;

/** @throws {ConfigError} for a secret that is too short to be one */
export function wordOf(env: Env, { source, size, coordinator }: Launch): LaunchWord {
  const secret = env.THINWIRE_SECRET;
  if (secret !== undefined && secret !== "") {
    if (secret.length >= SECRET_LENGTH_MIN) return { text: secret, secret: true };
    throw new ConfigError("THINWIRE_SECRET", { expected: `at least ${SECRET_LENGTH_MIN} characters`, got: "fewer" });
  }
  const names = JOB_NAMES.map((name) => `${name}=${env[name]?.trim() ?? ""}`);
  const text = [source, `${size}`, coordinator.host, `${coordinator.port}`, ...names].join("\n");
  return { text, secret: false };
}

export interface LaunchKeys {
  readonly swarm: KeyPair;
  /** The identity of a process, so that all know whom they ask, and that one that comes back is the same. */
  identity(rank: number): Promise<KeyPair>;
}

export const keysOf = async ({ text }: LaunchWord): Promise<LaunchKeys> => ({
  swarm: await derived("swarm", text),
  identity: (rank) => derived(rank === 0 ? "founder" : `rank ${rank}`, text),
});

/**
 * That of this process. Where the word is no secret, whoever knows it could go on in the name of any process whose identity
 * is derived from it, so only rank 0 has such a one: the others have to know it beforehand.
 */
export const ownIdentity = ({ secret }: LaunchWord, keys: LaunchKeys, rank: number): Promise<KeyPair> =>
  secret || rank === 0 ? keys.identity(rank) : KeyPair.generate();

async function derived(use: string, word: string): Promise<KeyPair> {
  const bytes = new TextEncoder().encode(`thinwire launch 1: ${use}\n${word}`);
  return KeyPair.fromSecret(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
