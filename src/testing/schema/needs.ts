import { Code, ConnectError } from "@connectrpc/connect";

/** A package that is only needed by those who register such a schema. */
export async function needs<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    const message = `the embedded broker needs the package ${name} for this: npm install ${name}`;
    throw new ConnectError(message, Code.Unimplemented);
  }
}
