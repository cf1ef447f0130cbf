import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { lines } from "../../../src/cli/lines.ts";
import { seeded } from "../support/random.ts";

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** The lines as text, a byte a character, so that nothing is lost in decoding. */
async function linesOf(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines(chunks)) {
    all.push(Buffer.from(line).toString("latin1"));
  }
  return all;
}

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
const ofText = (text: string) => linesOf(stream([bytes(text)]));

describe("lines", () => {
  test.each<[string, string[]]>([
    ["", []],
    ["\n", [""]],
    ["\n\n", ["", ""]],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\nb", ["a", "b"]],
    ["a\n\nb\n", ["a", "", "b"]],
    ["a\r\nb\r\n", ["a", "b"]],
    ["\r\n\r\n", ["", ""]],
    ["a\rb\n", ["a\rb"]],
    ["a\r\r\n", ["a\r"]],
    [" a \n\tb\n", [" a ", "\tb"]],
    ["\0\n", ["\0"]],
    ["\u2028\x85\x0b\x0c\n", ["(\x85\x0b\x0c"]],
  ])("%j", async (text, expected) => {
    expect(await ofText(text)).toEqual(expected);
  });

  test("what is no UTF-8 stays as it is", async () => {
    const odd = Uint8Array.from([0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x0a, 0xed, 0xa0, 0x80]);
    const found: number[][] = [];
    for await (const line of lines(stream([odd]))) {
      found.push([...line]);
    }
    expect(found).toEqual([[0xff, 0xfe, 0x80], [0xc3], [0xed, 0xa0, 0x80]]);
  });

  // "Without their ends (LF or CRLF)": this one has no LF, so it is no end.
  test("a CR that no LF follows is part of the last line", async () => {
    expect(await ofText("a\nb\r")).toEqual(["a", "b\r"]);
  });

  test("wherever the input is split, the lines are the same", async () => {
    const text = "first\r\n\nthird \xe9\xff\r\r\n\r\n\n\nlast";
    const whole = bytes(text);
    const expected = await linesOf(stream([whole]));
    expect(expected).toEqual(["first", "", "third \xe9\xff\r", "", "", "", "last"]);
    for (let i = 0; i <= whole.length; i++) {
      for (let j = i; j <= whole.length; j++) {
        const chunks = [whole.subarray(0, i), whole.subarray(i, j), whole.subarray(j)];
        expect({ i, j, lines: await linesOf(stream(chunks)) }).toEqual({ i, j, lines: expected });
      }
    }
    expect(await linesOf(stream([...whole].map((byte) => Uint8Array.of(byte))))).toEqual(expected);
  });

  test("random texts in random pieces, as an independent reading has them", async () => {
    const random = seeded(3);
    for (let round = 0; round < 300; round++) {
      // One LF at the end: without it the last line is another matter, see above.
      const text = Array.from({ length: random.below(200) }, () => random.pick(["a", "\n", "\r", "\r\n", "\xff"])).join(
        "",
      );
      const expected =
        text === ""
          ? []
          : `${text}\n`
              .split("\n")
              .slice(0, -1)
              .map((line) => line.replace(/\r$/, ""));
      const whole = bytes(text === "" ? "" : `${text}\n`);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < whole.length; ) {
        const end = at + random.below(20);
        chunks.push(whole.subarray(at, end));
        at = end;
      }
      expect(await linesOf(stream(chunks))).toEqual(expected);
    }
  });

  test("a line may be megabytes long", async () => {
    const chunks = Array.from({ length: 100 }, () => new Uint8Array(65_536).fill(120));
    const [line, ...more] = await linesOf(stream(chunks));
    expect(line).toHaveLength(6_553_600);
    expect(more).toEqual([]);
  });

  test.each([
    ["bytes", (text: string) => Uint8Array.from(Buffer.from(text))],
    ["Buffers, which Node's streams give", (text: string) => Buffer.from(text)],
  ])("a source may use its buffer again: %s", async (_, make) => {
    async function* reused(): AsyncGenerator<Uint8Array> {
      const buffer = make("abc");
      yield buffer;
      buffer.set(Buffer.from("de\n"));
      yield buffer;
    }
    const found: Uint8Array[] = [];
    for await (const line of lines(reused())) {
      found.push(line);
    }
    expect(found.map((line) => Buffer.from(line).toString())).toEqual(["abcde"]);
  });

  test("lines come as they are read, not at the end", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield bytes("first\nsec");
      await new Promise(() => {});
      ended = true;
    }
    const first = await lines(endless()).next();
    expect(first.value && Buffer.from(first.value).toString()).toBe("first");
    expect(ended).toBe(false);
  });

  test("a source that fails is not taken for one that ended", async () => {
    const failing = Readable.from(
      (async function* () {
        yield bytes("a\nb");
        throw new Error("disk gone");
      })(),
    );
    const found: string[] = [];
    const read = async () => {
      for await (const line of lines(failing)) {
        found.push(Buffer.from(line).toString());
      }
    };
    await expect(read()).rejects.toThrow("disk gone");
    expect(found).toEqual(["a"]);
  });
});
