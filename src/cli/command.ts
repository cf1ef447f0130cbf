/** Something that `danube` does. */
export interface Command {
  /** In a few words, for the list of commands. */
  summary: string;
  help: string;
  /** Runs it with what follows its name, and gives the exit code. */
  run(args: string[]): Promise<number>;
}

/** A word that more commands follow. */
export interface CommandGroup {
  summary: string;
  help: string;
  commands: Readonly<Record<string, Command | CommandGroup>>;
}

/** A line for each command. */
export function listOf(commands: CommandGroup["commands"]): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(width + 2)} ${summary}`)
    .join("\n");
}
