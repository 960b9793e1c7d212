/**
 * The deployment files name what is there: their commands run, their paths, ports and names agree with each other and with
 * the command's own defaults.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { FakeWorld, pretend } from "../../src/cli/testing/fake-world.ts";
import { launchFrom } from "../../src/runs/launch.ts";
import { readYaml, type Yaml } from "./yaml.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const about: { scripts: Record<string, string>; bin: { thinwire: string } } = JSON.parse(read("package.json"));

/** Runs a command line in a world that pretends. @returns what it served, and the job that ran */
async function pretended(args: readonly string[], files: Record<string, string> = {}) {
  const served: { url: string; paths: string[] }[] = [];
  const world: FakeWorld = new FakeWorld(async (job, controls) => {
    for (const [url, pages] of world.monitors) served.push({ url, paths: [...pages.keys()] });
    return pretend()(job, controls);
  });
  for (const [path, text] of Object.entries(files)) world.files.set(path, text);
  assert.equal(await runCommandLine(args, world, "1.2.3"), EXIT.done, world.stderr.text);
  const [{ job, controls } = assert.fail("nothing ran")] = world.runs;
  return { served, job, controls };
}

// --- Containerfile

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Comments off, lines that go on joined. */
function instructions(file: string): Instruction[] {
  const lines = file
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  return lines
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", text = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? assert.fail(`no instruction: ${line}`);
      return { name, text };
    });
}

const container = instructions(read("deploy/Containerfile"));
const said = (name: string): string[] => container.flatMap((one) => (one.name === name ? [one.text] : []));
const lastOf = (name: string): string => said(name).at(-1) ?? assert.fail(`no ${name}`);

test("the image builds on Debian 12 slim, from files that are there and scripts that exist", () => {
  for (const text of said("FROM")) assert.match(text, /^docker\.io\/library\/node:24-bookworm-slim( AS build)?$/);
  const copies = said("COPY").map((text) => text.split(" "));
  const fromClone = copies.filter(([first]) => !first?.startsWith("--from")).flatMap((words) => words.slice(0, -1));
  for (const path of fromClone) assert.ok(existsSync(join(root, path)), `${path} is not in the clone`);
  const fromBuild = copies.filter(([first]) => first?.startsWith("--from")).map((words) => words[1]);
  const made = ["package.json", "node_modules", "dist", "data"].map((name) => `/src/${name}`);
  assert.deepEqual(fromBuild, made);
  const scripts = said("RUN").flatMap((text) =>
    [...text.matchAll(/npm run (?:-s )?([\w-]+)/g)].map(([, name]) => name!),
  );
  assert.deepEqual(scripts, ["build"]);
  for (const name of scripts) assert.ok(name in about.scripts, name);
  for (const name of ["onnxruntime-node", "onnxruntime-common", "onnxruntime-node/bin/napi-v6/darwin"]) {
    assert.ok(existsSync(join(root, "node_modules", name)), `${name} is not what npm installs`);
  }
});

test("the container runs the package's command as nobody, and its health check asks where that answers", async () => {
  assert.match(lastOf("USER"), /^[1-9]\d*:[1-9]\d*$/);
  assert.deepEqual(JSON.parse(lastOf("ENTRYPOINT")), ["node", `/opt/thinwire/${about.bin.thinwire}`]);
  assert.deepEqual(said("EXPOSE"), [String(launchFrom({ RANK: "0", WORLD_SIZE: "1" })?.coordinator.port)]);
  const { served, controls } = await pretended(JSON.parse(lastOf("CMD")));
  assert.ok(controls.out?.startsWith(`${JSON.parse(lastOf("VOLUME"))[0]}/`), controls.out);
  const [{ url, paths } = assert.fail("nothing is served")] = served;
  const [, check = ""] = /CMD (\[.+\])$/.exec(lastOf("HEALTHCHECK")) ?? assert.fail("no command");
  const [program, flag, script = ""]: string[] = JSON.parse(check);
  assert.deepEqual([program, flag], ["node", "-e"]);
  new Function(script); // throws if it is no JavaScript
  assert.ok(paths.includes("/healthz") && script.includes(`'${url}/healthz'`), script);
});

// --- systemd

test("the service runs the command, stops it as it likes to be stopped, and does not repeat what cannot end otherwise", async () => {
  const unit = read("deploy/thinwire.service");
  const of = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? assert.fail(`no ${key}`);
  const [env, program, ...args] = of("ExecStart").split(" ");
  assert.deepEqual([env, program], ["/usr/bin/env", "thinwire"]);
  const { controls, served } = await pretended(args, { "/etc/thinwire/job.json": "{}" });
  assert.ok(controls.out?.startsWith(`/var/lib/${of("StateDirectory")}/`), controls.out);
  assert.match(unit, new RegExp(`curl ${served[0]?.url}/healthz`));
  assert.equal(of("Restart"), "on-failure");
  assert.equal(of("SuccessExitStatus"), String(EXIT.interrupted));
  assert.equal(of("RestartPreventExitStatus"), `${EXIT.usage} ${EXIT.missed}`);
  const hardened = { DynamicUser: "yes", NoNewPrivileges: "yes", ProtectSystem: "strict", CapabilityBoundingSet: "" };
  for (const [key, value] of Object.entries(hardened)) assert.equal(of(key), value);
  assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=yes$/m);
});

// --- Kubernetes

/** The value at a path such as `spec.template.0.name`. */
function at(value: Yaml, path: string): Yaml {
  return path.split(".").reduce<Yaml>((inner, key) => {
    const found = typeof inner === "object" && inner !== null ? (inner as Record<string, Yaml>)[key] : undefined;
    return found ?? assert.fail(`nothing at ${path}`);
  }, value);
}

const objects = new Map(readYaml(read("deploy/kubernetes.yaml")).map((object) => [at(object, "kind"), object]));
const kind = (name: string): Yaml => objects.get(name) ?? assert.fail(`no ${name}`);
const pod = at(kind("Job"), "spec.template.spec");
const main = at(pod, "containers.0");
const named = (list: Yaml): Map<Yaml, Yaml> => new Map((list as Yaml[]).map((one) => [at(one, "name"), one]));

const SECRET = "THINWIRE_SECRET";

test("every peer of the Job finds the others: rank, size and address come out of its pod's environment", () => {
  const { [SECRET]: secret, ...given } = Object.fromEntries(named(at(main, "env")));
  assert.deepEqual(secret, { name: SECRET, valueFrom: { secretKeyRef: { name: "thinwire", key: "secret" } } });
  const env = Object.fromEntries(Object.entries(given).map(([name, one]) => [name, at(one as Yaml, "value")]));
  const size = at(kind("Job"), "spec.completions");
  assert.equal(at(kind("Job"), "spec.completionMode"), "Indexed");
  assert.equal(at(kind("Job"), "spec.parallelism"), size);
  const job = at(kind("Job"), "metadata.name");
  for (let rank = 0; rank < Number(size); rank++) {
    const launch = launchFrom({ ...env, JOB_COMPLETION_INDEX: `${rank}`, HOSTNAME: `${job}-${rank}` });
    const service = at(kind("Service"), "metadata.name");
    const port = at(kind("Service"), "spec.ports.0.port");
    assert.deepEqual(launch, {
      source: "Kubernetes",
      rank,
      size,
      localRank: undefined,
      coordinator: { host: `${job}-0.${service}`, port },
    });
  }
});

test("Service, policy and Job mean the same pods and ports", () => {
  const labels = at(kind("Job"), "spec.template.metadata.labels");
  assert.deepEqual(at(kind("Service"), "spec.selector"), labels);
  assert.deepEqual(at(kind("NetworkPolicy"), "spec.podSelector.matchLabels"), labels);
  assert.equal(at(kind("Service"), "spec.clusterIP"), "None");
  assert.equal(at(kind("Service"), "spec.publishNotReadyAddresses"), true);
  assert.equal(at(pod, "subdomain"), at(kind("Service"), "metadata.name"));
  const ports = named(at(main, "ports"));
  const swarm = at(ports.get("swarm") ?? null, "containerPort");
  assert.equal(swarm, at(kind("Service"), "spec.ports.0.port"));
  assert.equal(at(kind("NetworkPolicy"), "spec.ingress.0.ports.0.port"), swarm);
  assert.equal(at(kind("NetworkPolicy"), "spec.egress.0.ports.0.port"), swarm);
  const metrics = at(ports.get("metrics") ?? null, "containerPort");
  assert.equal(at(kind("NetworkPolicy"), "spec.ingress.1.ports.0.port"), metrics);
  const scraped = at(kind("Job"), "spec.template.metadata.annotations") as Record<string, Yaml>;
  assert.deepEqual([scraped["prometheus.io/port"], scraped["prometheus.io/path"]], [String(metrics), "/metrics"]);
});

test("the pod's command runs with the job of the ConfigMap, writes where it may, and is probed where it answers", async () => {
  const mounts = named(at(main, "volumeMounts"));
  const folder = at(mounts.get("job") ?? null, "mountPath");
  const { served, controls } = await pretended(at(main, "args") as string[], {
    [`${folder}/job.json`]: String((at(kind("ConfigMap"), "data") as Record<string, Yaml>)["job.json"]),
  });
  assert.ok(controls.out?.startsWith(`${at(mounts.get("work") ?? null, "mountPath")}/`), controls.out);
  assert.deepEqual([...mounts.keys()], [...named(at(pod, "volumes")).keys()]);
  const metrics = at(named(at(main, "ports")).get("metrics") ?? null, "containerPort");
  assert.equal(served[0]?.url, `http://0.0.0.0:${metrics}`);
  for (const probe of ["startupProbe", "livenessProbe"]) {
    assert.ok(served[0]?.paths.includes(String(at(main, `${probe}.httpGet.path`))));
    assert.equal(at(main, `${probe}.httpGet.port`), "metrics");
  }
  const [, failure] = at(kind("Job"), "spec.podFailurePolicy.rules") as Yaml[];
  assert.deepEqual(at(failure ?? null, "onExitCodes.values"), [EXIT.usage, EXIT.missed]);
  assert.equal(at(failure ?? null, "onExitCodes.containerName"), at(main, "name"));
});

test("the pod has no rights that it does not need, and the user of the image", () => {
  const [uid, gid] = lastOf("USER").split(":").map(Number);
  assert.deepEqual(at(pod, "securityContext"), {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: gid,
    fsGroup: gid,
    seccompProfile: { type: "RuntimeDefault" },
  });
  assert.deepEqual(at(main, "securityContext"), {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.equal(at(pod, "automountServiceAccountToken"), false);
  assert.ok(at(main, "resources.requests.cpu") && at(main, "resources.limits.memory"));
});
