import { type CommandGroup, listOf } from "./command.ts";
import { get, latest, subjects, topic, versions } from "./schema-read.ts";
import { check, compatibility, register } from "./schema-write.ts";

const commands: CommandGroup["commands"] = { register, latest, get, versions, topic, check, subjects, compatibility };

/** `danube schema …`: the registry. */
export const schema: CommandGroup = {
  summary: "register schemas in the registry, look at them and at those of topics, and check new ones",
  commands,
  help: `danube schema COMMAND [OPTIONS]

${listOf(commands)}

danube schema COMMAND --help tells the options.`,
};
