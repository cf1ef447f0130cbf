#!/usr/bin/env node
import process from "node:process";
import { broker, brokerHelp } from "./broker.ts";
import { type Command, type CommandGroup, listOf } from "./command.ts";
import { describe } from "./describe.ts";
import { produce, produceHelp } from "./produce.ts";
import { quickstart, quickstartHelp } from "./quickstart.ts";
import { schema } from "./schema.ts";
import { UsageError } from "./usage.ts";

const commands: CommandGroup["commands"] = {
  produce: { run: produce, help: produceHelp, summary: "publish a file or standard input, a message a line" },
  schema,
  broker: { run: broker, help: brokerHelp, summary: "run the embedded broker" },
  quickstart: { run: quickstart, help: quickstartHelp, summary: "see it work, in a few seconds" },
};

const usage = `danube COMMAND [OPTIONS]

${listOf(commands)}

danube COMMAND --help tells the options. Exit codes: 0 done, 1 failed, 2 called wrongly, 130 interrupted.`;

const isHelp = (word: string) => word === "--help" || word === "-h";

/** Runs a command line, which goes on with `words` after `before`, and gives its exit code. */
async function main(group: CommandGroup, words: string[], before: string[] = []): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || isHelp(name) || name === "help") {
    console.log(group.help);
    return name === undefined ? 2 : 0;
  }
  const so = [...before, name];
  const command = Object.hasOwn(group.commands, name) ? group.commands[name] : undefined;
  if (!command) {
    console.error(`danube: there is no command ${JSON.stringify(so.join(" "))}\n\n${group.help}`);
    return 2;
  }
  return "commands" in command ? main(command, rest, so) : run(command, rest);
}

async function run(command: Command, args: string[]): Promise<number> {
  if (args.some(isHelp)) {
    console.log(command.help);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`danube: ${error.message}\n\n${command.help}`);
      return 2;
    }
    console.error(`danube: ${describe(error)}`);
    return 1;
  }
}

// A reader of our output that goes away (head, say) is no failure.
process.stdout.on("error", () => process.exit(0));
process.stderr.on("error", () => {});
process.exitCode = await main({ summary: "", help: usage, commands }, process.argv.slice(2));
// Standard input may be a terminal that nobody types into; everything else is closed by now.
process.stdin.unref?.();
