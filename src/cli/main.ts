#!/usr/bin/env node
import process from "node:process";
import { broker, brokerHelp } from "./broker.ts";
import { describe, produce, produceHelp } from "./produce.ts";
import { quickstart, quickstartHelp } from "./quickstart.ts";
import { UsageError } from "./usage.ts";

const commands: Record<string, { run(args: string[]): Promise<number>; help: string; summary: string }> = {
  produce: { run: produce, help: produceHelp, summary: "publish a file or standard input, a message a line" },
  broker: { run: broker, help: brokerHelp, summary: "run the embedded broker" },
  quickstart: { run: quickstart, help: quickstartHelp, summary: "see it work, in a few seconds" },
};

const usage = `danube COMMAND [OPTIONS]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`)
  .join("\n")}

danube COMMAND --help tells the options. Exit codes: 0 done, 1 failed, 2 called wrongly, 130 interrupted.`;

/** Runs a command line and gives its exit code. */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(usage);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    console.error(`danube: there is no command ${JSON.stringify(name)}\n\n${usage}`);
    return 2;
  }
  if (args.includes("--help") || args.includes("-h")) {
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
process.exitCode = await main(process.argv.slice(2));
// Standard input may be a terminal that nobody types into; everything else is closed by now.
process.stdin.unref?.();
