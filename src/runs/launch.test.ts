import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { launchFrom, placesOf } from "./launch.ts";

test("a process that was started alone has no launch, in a shell of a batch job neither", () => {
  assert.equal(launchFrom({}), undefined);
  assert.equal(launchFrom({ PATH: "/bin", MASTER_ADDR: "10.0.0.1", RANK: "" }), undefined);
  assert.equal(launchFrom({ SLURM_JOB_ID: "77", SLURM_NTASKS: "8", SLURM_JOB_NODELIST: "n[1-2]" }), undefined);
  const batch = { ENVIRONMENT: "BATCH", SLURM_PROCID: "0", SLURM_NTASKS: "8", SLURM_JOB_NODELIST: "n[1-2]" };
  assert.equal(launchFrom(batch), undefined);
});

test("torchrun --nnodes=2 --nproc-per-node=4", () => {
  const env = {
    LOCAL_RANK: "1",
    RANK: "5",
    GROUP_RANK: "1",
    LOCAL_WORLD_SIZE: "4",
    WORLD_SIZE: "8",
    MASTER_ADDR: "node17.cluster",
    MASTER_PORT: "29400",
    TORCHELASTIC_RUN_ID: "none",
  };
  assert.deepEqual(launchFrom(env), {
    source: "torchrun",
    rank: 5,
    size: 8,
    localRank: 1,
    coordinator: { host: "node17.cluster", port: 29400 },
  });
});

const openMpi = {
  OMPI_COMM_WORLD_RANK: "2",
  OMPI_COMM_WORLD_SIZE: "4",
  OMPI_COMM_WORLD_LOCAL_RANK: "2",
  OMPI_COMM_WORLD_LOCAL_SIZE: "4",
  OMPI_COMM_WORLD_NODE_RANK: "2",
  OMPI_UNIVERSE_SIZE: "8",
  PMIX_RANK: "2",
};

test("mpirun -n 4 of Open MPI on one machine meets on the loopback", () => {
  const coordinator = { host: "127.0.0.1", port: 29500 };
  assert.deepEqual(launchFrom(openMpi), { source: "Open MPI", rank: 2, size: 4, localRank: 2, coordinator });
});

test("mpirun on several machines needs an address, from the user or from the batch system around it", () => {
  const env = { ...openMpi, OMPI_COMM_WORLD_LOCAL_SIZE: "2" };
  assert.throws(
    () => launchFrom(env),
    (error) => error instanceof ConfigError && /^MASTER_ADDR: .*mpirun -x MASTER_ADDR/.test(error.message),
  );
  assert.equal(launchFrom({ ...env, MASTER_ADDR: "fd00::17" })?.coordinator.host, "fd00::17");
  const inSlurm = { ...env, SLURM_JOB_NODELIST: "c[08-09]", SLURM_JOB_ID: "4100123", ENVIRONMENT: "BATCH" };
  assert.deepEqual(launchFrom(inSlurm)?.coordinator, { host: "c08", port: 15_123 });
});

test("mpiexec -n 3 of MPICH, and Intel MPI over two machines", () => {
  const hydra = { PMI_RANK: "0", PMI_SIZE: "3", PMI_FD: "6", MPI_LOCALRANKID: "0", MPI_LOCALNRANKS: "3" };
  const coordinator = { host: "127.0.0.1", port: 29500 };
  assert.deepEqual(launchFrom(hydra), { source: "PMI", rank: 0, size: 3, localRank: 0, coordinator });
  const intel = { PMI_RANK: "7", PMI_SIZE: "8", MPI_LOCALRANKID: "3", MPI_LOCALNRANKS: "4", MASTER_ADDR: "a" };
  assert.deepEqual(launchFrom(intel), {
    source: "PMI",
    rank: 7,
    size: 8,
    localRank: 3,
    coordinator: { host: "a", port: 29500 },
  });
});

test("srun -N 3 -n 6 within a batch script of more nodes", () => {
  const env = {
    ENVIRONMENT: "BATCH",
    SLURM_JOB_ID: "18345",
    SLURM_JOB_NODELIST: "gpu[001-004]",
    SLURM_STEP_ID: "0",
    SLURM_STEP_NODELIST: "gpu[002-004]",
    SLURM_STEP_NUM_TASKS: "6",
    SLURM_NTASKS: "8",
    SLURM_PROCID: "4",
    SLURM_LOCALID: "0",
  };
  assert.deepEqual(launchFrom(env), {
    source: "Slurm",
    rank: 4,
    size: 6,
    localRank: 0,
    coordinator: { host: "gpu002", port: 23_345 },
  });
});

test("torchrun within srun counts by torchrun", () => {
  const env = { SLURM_PROCID: "1", SLURM_NTASKS: "2", SLURM_STEP_ID: "0", SLURM_STEP_NODELIST: "a[1-2]" };
  const launch = launchFrom({ ...env, RANK: "9", WORLD_SIZE: "16", MASTER_ADDR: "a1", MASTER_PORT: "1234" });
  assert.deepEqual([launch?.source, launch?.rank, launch?.size], ["torchrun", 9, 16]);
});

test("an indexed Job of Kubernetes meets at its first pod, and without a size its pods are alone", () => {
  const env = { JOB_COMPLETION_INDEX: "12", HOSTNAME: "thin-run-12", KUBERNETES_SERVICE_HOST: "10.96.0.1" };
  assert.equal(launchFrom(env), undefined);
  assert.deepEqual(launchFrom({ ...env, WORLD_SIZE: "16", THINWIRE_SERVICE: "swarm" }), {
    source: "Kubernetes",
    rank: 12,
    size: 16,
    localRank: undefined,
    coordinator: { host: "thin-run-0.swarm", port: 29500 },
  });
  const named = { ...env, WORLD_SIZE: "16", MASTER_ADDR: "thin-run-0.swarm.ml.svc.cluster.local", MASTER_PORT: "7000" };
  assert.deepEqual(launchFrom(named)?.coordinator, { host: "thin-run-0.swarm.ml.svc.cluster.local", port: 7000 });
});

test("pods know each other's places by name, other processes only that of rank 0", () => {
  const pod = { JOB_COMPLETION_INDEX: "2", HOSTNAME: "thin-2", WORLD_SIZE: "4", THINWIRE_SERVICE: "swarm" };
  const places = placesOf(launchFrom(pod)!);
  assert.deepEqual(
    [...places],
    [1, 3].map((rank) => [rank, { host: `thin-${rank}.swarm`, port: 29_500 }]),
  );
  assert.equal(placesOf(launchFrom({ ...pod, MASTER_ADDR: "10.0.0.1" })!).size, 0);
  assert.equal(placesOf(launchFrom(openMpi)!).size, 0);
});

const refusals: readonly [Record<string, string>, RegExp][] = [
  [{ RANK: "1" }, /^WORLD_SIZE: expected the number of processes, since RANK is 1/],
  [{ WORLD_SIZE: "4" }, /^RANK: expected the rank of this process, since WORLD_SIZE is 4/],
  [
    { RANK: "4", WORLD_SIZE: "4", MASTER_ADDR: "a" },
    /^RANK: expected a whole number at least 0 and at most 3, got "4"/,
  ],
  [{ RANK: "-1", WORLD_SIZE: "4", MASTER_ADDR: "a" }, /^RANK/],
  [{ RANK: "0", WORLD_SIZE: "0" }, /^WORLD_SIZE/],
  [{ RANK: "0", WORLD_SIZE: "many" }, /^WORLD_SIZE/],
  [{ RANK: "0", WORLD_SIZE: "1e9" }, /^WORLD_SIZE/],
  [{ RANK: "0", WORLD_SIZE: "2", LOCAL_RANK: "2", MASTER_ADDR: "a" }, /^LOCAL_RANK/],
  [{ RANK: "0", WORLD_SIZE: "2", MASTER_ADDR: "a b" }, /^MASTER_ADDR: expected a host name/],
  [{ RANK: "0", WORLD_SIZE: "2", MASTER_ADDR: "a:29500" }, /^MASTER_ADDR/],
  [{ RANK: "0", WORLD_SIZE: "2", MASTER_ADDR: "a", MASTER_PORT: "0" }, /^MASTER_PORT/],
  [{ RANK: "0", WORLD_SIZE: "2", MASTER_ADDR: "a", MASTER_PORT: "65536" }, /^MASTER_PORT/],
  [{ OMPI_COMM_WORLD_RANK: "0" }, /^OMPI_COMM_WORLD_SIZE/],
  [{ PMI_RANK: "0", PMI_SIZE: "2", MPI_LOCALNRANKS: "3" }, /^MPI_LOCALNRANKS/],
  [{ SLURM_PROCID: "0", SLURM_NTASKS: "2", SLURM_JOB_NODELIST: "a[2-1]" }, /^SLURM_JOB_NODELIST/],
  [{ SLURM_PROCID: "0", SLURM_NTASKS: "2" }, /^MASTER_ADDR/],
  [{ JOB_COMPLETION_INDEX: "0", THINWIRE_SERVICE: "s" }, /^WORLD_SIZE/],
  [{ JOB_COMPLETION_INDEX: "1", THINWIRE_SERVICE: "s", WORLD_SIZE: "2", HOSTNAME: "x" }, /^HOSTNAME/],
  [{ JOB_COMPLETION_INDEX: "1", THINWIRE_SERVICE: "a/b", WORLD_SIZE: "2", HOSTNAME: "x-1" }, /^THINWIRE_SERVICE/],
];

for (const [env, message] of refusals) {
  test(`${JSON.stringify(env)} is refused by the variable's name`, () => {
    assert.throws(
      () => launchFrom(env),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("any environment gives a launch with a rank below its size, nothing, or a ConfigError", () => {
  const names = [
    ...["RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "HOSTNAME"],
    ...["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "SLURM_PROCID", "SLURM_NTASKS"],
    ...["SLURM_JOB_NODELIST", "SLURM_STEP_ID", "SLURM_JOB_ID", "JOB_COMPLETION_INDEX", "THINWIRE_SERVICE"],
  ];
  const value = fc.oneof(
    fc.integer({ min: -1, max: 9 }).map(String),
    fc.constantFrom("node[1-3]", "a", "", " ", "x-1", "1e999", "__proto__"),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const environments = fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true });
  fc.assert(
    fc.property(environments, (env) => {
      try {
        const launch = launchFrom(env);
        if (launch === undefined) return;
        assert.ok(launch.rank >= 0 && launch.rank < launch.size);
        assert.ok(launch.coordinator.port >= 1 && launch.coordinator.port <= 65_535);
        assert.match(launch.coordinator.host, /^[\w.:-]+$/);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        assert.match(error.where, /^[A-Z_]+$/);
      }
    }),
  );
});
