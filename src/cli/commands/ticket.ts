/**
 * `thinwire ticket`: who may join a swarm.
 */
import { Command } from "commander";
import { lookUp } from "../../base/spec.ts";
import { parseDuration, type Seconds, seconds } from "../../base/units.ts";
import type { TicketRecord } from "../../runs/ticket-book.ts";
import { ROLES, type Role } from "../../transports/libp2p/admission-port.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatDay, ticketFacts } from "../format-ticket.ts";
import { readFolder } from "../options/run-options.ts";
import { formatTable, type TableColumn } from "../table.ts";
import type { World } from "../world.ts";

interface TicketOptions {
  readonly swarm?: string;
  readonly role?: string;
  readonly expires?: string;
  readonly address?: string[];
  readonly json?: boolean;
}

type End = (code: ExitCode) => void;

const EXIT_CODES = `\
Exit codes:
    0  done
    1  the swarm's key or its book of tickets cannot be used
    2  the command line or the ticket is wrong`;

export function ticketCommand(world: World, end: End): Command {
  return new Command("ticket")
    .summary("who may join a swarm")
    .description("Issues, lists and revokes join tickets. Whoever has a ticket may join: pass it on as a password.")
    .usage("<issue|list|revoke> [options]")
    .helpCommand(false)
    .addCommand(issueCommand(world, end))
    .addCommand(listCommand(world, end))
    .addCommand(revokeCommand(world, end));
}

function issueCommand(world: World, end: End): Command {
  const command = new Command("issue")
    .summary("a new ticket")
    .description("Signs a ticket with the swarm's key, which is made if there is none. The ticket is all of stdout.")
    .option("--role <role>", `what its bearer may do: ${ROLES.join(", ")} (default: train)`)
    .option("--expires <duration>", "how long it holds (default: 7d)")
    .option(
      "--address <multiaddr...>",
      "where members are found, each ending in its peer id (default: those of the newest ticket)",
    );
  return shared(command, "thinwire ticket issue --role observe --expires 12h").action(
    async (options: TicketOptions) => {
      const role = roleOf(options.role ?? "train");
      const expires = seconds(now(world) + parseDuration(options.expires ?? "7d", "--expires"));
      const { address: addresses } = options;
      const wanted = { role, expires, ...(addresses && { addresses }) };
      const folder = folderOf(options);
      const { ticket, newSwarm } = await world.engines.tickets.issue(folder, wanted);
      const { serial } = ticket;
      if (newSwarm) world.stderr.write(`made the key of a new swarm in ${folder}\n`);
      if (options.json !== true) {
        world.stderr.write(`ticket ${serial} to ${role}, until ${formatDay(ticket.expires)}; keep it secret\n`);
      }
      world.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...ticketFacts(ticket), text: ticket.text })}\n`
          : `${ticket.text}\n`,
      );
      end(EXIT.done);
    },
  );
}

function listCommand(world: World, end: End): Command {
  const command = new Command("list")
    .summary("the tickets of a swarm")
    .description("Lists the tickets that were issued from a folder. It cannot show the tickets themselves.");
  return shared(command, "thinwire ticket list").action(async (options: TicketOptions) => {
    const records = await world.engines.tickets.list(folderOf(options));
    const rows = records.map((record) => ({ ...ticketFacts(record), state: stateOf(record, now(world)) }));
    const width = Math.max(40, world.stdout.columns ?? 80);
    const left = (header: string): TableColumn => ({ header, align: "left" });
    const table = formatTable(
      [left("serial"), left("role"), left("expires"), left("state")],
      records.map((record) => [record.serial, record.role, formatDay(record.expires), stateOf(record, now(world))]),
      width,
    );
    const none = `no tickets in ${folderOf(options)}`;
    const text = options.json === true ? JSON.stringify(rows) : records.length === 0 ? none : table.join("\n");
    world.stdout.write(`${text}\n`);
    end(EXIT.done);
  });
}

function revokeCommand(world: World, end: End): Command {
  const command = new Command("revoke")
    .summary("make a ticket void")
    .description("From now on nobody joins with this ticket. Members that joined with it before stay.")
    .argument("<ticket>", "its serial, or the ticket itself");
  return shared(command, "thinwire ticket revoke 3f9a77c1d20b4e58").action(
    async (name: string, options: TicketOptions) => {
      const record = await world.engines.tickets.revoke(folderOf(options), name);
      const { serial, role } = record;
      world.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...ticketFacts(record), state: "revoked" })}\n`
          : `revoked ticket ${serial} to ${role}\n`,
      );
      end(EXIT.done);
    },
  );
}

const shared = (command: Command, example: string): Command =>
  command
    .option("--swarm <dir>", "the swarm's folder, with its key and the book of its tickets (default: swarm)")
    .option("--json", "print JSON instead (default: off)")
    .addHelpText("after", `\nExample:\n  ${example}\n\n${EXIT_CODES}`);

/** @throws {ConfigError} */
const roleOf = (text: string): Role =>
  lookUp(new Map(ROLES.map((role) => [role as string, role])), text, "--role", "a role");

/** @throws {ConfigError} */
const folderOf = ({ swarm }: TicketOptions): string => readFolder(swarm, "--swarm") ?? "swarm";

const now = (world: World): Seconds => seconds(world.today().getTime() / 1000);

const stateOf = ({ revoked, expires }: TicketRecord, time: Seconds): string =>
  revoked ? "revoked" : time >= expires ? "expired" : "valid";
