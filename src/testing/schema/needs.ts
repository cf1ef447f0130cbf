/** A package that is only needed by those who register such a schema. */
export async function needs<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new Error(`the embedded broker needs the package ${name} for this`, { cause });
  }
}
