// Wrong arguments are the program's mistakes, not the broker's: TypeErrors that name the option, before any I/O.

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string") {
    throw new TypeError(`"${name}" must be a string, not ${kindOf(value)}`);
  }
  if (!value.isWellFormed()) {
    throw new TypeError(`"${name}" is not well-formed Unicode: it has half of a surrogate pair`);
  }
}

export function checkNonEmptyString(name: string, value: unknown): asserts value is string {
  checkString(name, value);
  if (value === "") {
    throw new TypeError(`"${name}" must not be empty`);
  }
}

export function checkInteger(
  name: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw new TypeError(
      `"${name}" must be an integer of at least ${min}${max < Number.MAX_SAFE_INTEGER ? ` and at most ${max}` : ""}, not ${describe(value)}`,
    );
  }
}

export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") {
    throw new TypeError(`"${name}" must be true or false, not ${describe(value)}`);
  }
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") {
    throw new TypeError(`"${name}" must be a function, not ${describe(value)}`);
  }
}

export function checkOneOf<T extends string>(name: string, value: unknown, choices: readonly T[]): asserts value is T {
  if (!(choices as readonly unknown[]).includes(value)) {
    throw new TypeError(
      `"${name}" must be one of ${choices.map((choice) => `"${choice}"`).join(", ")}, not ${describe(value)}`,
    );
  }
}

/** Misspelt options would otherwise be left out in silence. */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${what} must be an object, not ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${what} has no "${name}"; there are ${known.map((option) => `"${option}"`).join(", ")}`);
    }
  }
}

export function checkSignal(name: string, value: unknown): asserts value is AbortSignal {
  if (!(value instanceof AbortSignal)) {
    throw new TypeError(`"${name}" must be an AbortSignal, not ${describe(value)}`);
  }
}

/** A value, for the end of a sentence. Not one that could be a token, or a part of a message: see {@link kindOf}. */
export function describe(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, 100))
    : typeof value === "number"
      ? String(value)
      : kindOf(value);
}

/** What a value is, without saying it. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}
