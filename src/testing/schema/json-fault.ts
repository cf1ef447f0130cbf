/** Why a text is no JSON, in the words of the broker's parser, serde_json. Only asked when JSON.parse has refused it. */
export function jsonFault(text: string): string {
  let at = 0;

  const end = (what: string) => (at >= text.length ? `EOF while parsing ${what}` : undefined);

  function skip(): void {
    while (/[ \t\n\r]/.test(text[at] ?? "")) {
      at++;
    }
  }

  /** What is wrong with the value here; `at` then stands where it was noticed. */
  function value(): string | undefined {
    skip();
    const first = text[at] ?? "";
    if (first === "[" || first === "{") {
      return first === "[" ? sequence("]", "a list", value) : sequence("}", "an object", member);
    }
    if (first === '"') {
      return string();
    }
    if (first === "-" || /\d/.test(first)) {
      return number();
    }
    const word = ["null", "true", "false"].find((candidate) => candidate[0] === first);
    return end("a value") ?? (word === undefined ? "expected value" : literal(word));
  }

  function literal(word: string): string | undefined {
    for (const letter of word) {
      if (text[at] !== letter) {
        return end("a value") ?? "expected ident";
      }
      at++;
    }
    return undefined;
  }

  function number(): string | undefined {
    const [digits] = /^-?\d*(\.\d*)?([eE][+-]?\d*)?/.exec(text.slice(at)) as RegExpExecArray;
    const valid = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(digits);
    at += /^-?0\d/.test(digits) ? digits.indexOf("0") + 1 : digits.length;
    return valid ? undefined : (end("a value") ?? "invalid number");
  }

  function string(): string | undefined {
    for (at++; at < text.length; at++) {
      if (text[at] === '"') {
        at++;
        return undefined;
      }
      if ((text[at] as string) < " ") {
        return "control character (\\u0000-\\u001F) found while parsing a string";
      }
      if (text[at] === "\\") {
        at++;
        if (at < text.length && !/["\\/bfnrtu]/.test(text[at] as string)) {
          return "invalid escape";
        }
      }
    }
    return end("a string");
  }

  function member(): string | undefined {
    if (text[at] !== '"') {
      return end("an object") ?? "key must be a string";
    }
    const fault = string();
    if (fault !== undefined) {
      return fault;
    }
    skip();
    if (text[at] !== ":") {
      return end("an object") ?? "expected `:`";
    }
    at++;
    return value();
  }

  function sequence(close: string, what: string, item: () => string | undefined): string | undefined {
    at++;
    skip();
    if (text[at] === close) {
      at++;
      return undefined;
    }
    for (;;) {
      const fault = end(what) ?? item();
      if (fault !== undefined) {
        return fault;
      }
      skip();
      if (text[at] === close) {
        at++;
        return undefined;
      }
      if (text[at] !== ",") {
        return end(what) ?? `expected \`,\` or \`${close}\``;
      }
      at++;
      skip();
      if (text[at] === close) {
        return "trailing comma";
      }
    }
  }

  const fault = value();
  if (fault === undefined) {
    skip();
  }
  const before = text.slice(0, Math.min(at, text.length));
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const column = Buffer.byteLength(line) + (at < text.length ? 1 : 0);
  return `${fault ?? "trailing characters"} at line ${before.split("\n").length} column ${column}`;
}
