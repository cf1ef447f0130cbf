import { open as openFile } from "node:fs/promises";
import process from "node:process";

/** What a command reads from. */
export interface Input {
  name: string;
  chunks: AsyncIterable<Uint8Array>;
  /** In bytes, where that is known. */
  size: number | undefined;
}

/** A file, or `-`. Rejects when it cannot be read. */
export async function open(file: string): Promise<Input> {
  if (file === "-") {
    return { name: "standard input", chunks: process.stdin, size: undefined };
  }
  const handle = await openFile(file);
  const stats = await handle.stat();
  if (stats.isDirectory()) {
    await handle.close();
    throw new Error(`${file} is a directory`);
  }
  return { name: file, chunks: handle.createReadStream(), size: stats.size > 0 ? stats.size : undefined };
}

/** All of a file, or of `-`: text that is not empty. */
export async function readText(file: string): Promise<string> {
  const { name, chunks } = await open(file);
  const text = textOf(name, await everything(chunks));
  if (text.trim() === "") {
    throw new Error(`${name} is empty`);
  }
  return text;
}

async function everything(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function textOf(name: string, data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw new Error(`${name} is no UTF-8`);
  }
}
