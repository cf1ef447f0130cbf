import { describe, expect, test } from "vitest";
import { isLoopback, isUnspecified, normaliseUrl } from "../../../src/cluster/addresses.ts";

describe("normaliseUrl", () => {
  test.each([
    ["http://broker:6650", "http://broker:6650"],
    ["https://broker:6650", "https://broker:6650"],
    ["HTTP://Broker:6650/", "http://broker:6650"],
    ["  http://broker:6650\n", "http://broker:6650"],
    // With a scheme the port is the scheme's own.
    ["http://broker", "http://broker"],
    ["http://broker:80", "http://broker"],
    ["https://broker", "https://broker"],
    ["https://broker:443", "https://broker"],
    // Without one, it is Danube's.
    ["broker", "http://broker:6650"],
    ["broker:7000", "http://broker:7000"],
    ["broker:80", "http://broker"],
    ["broker_1:6650", "http://broker_1:6650"],
    ["0.0.0.0:6650", "http://0.0.0.0:6650"],
    ["127.0.0.1", "http://127.0.0.1:6650"],
    ["[::1]", "http://[::1]:6650"],
    ["[::1]:7000", "http://[::1]:7000"],
    ["http://[2001:DB8::1]:6650", "http://[2001:db8::1]:6650"],
    ["localhost:6650/", "http://localhost:6650"],
    ["broker/", "http://broker:6650"],
  ])("%j is %s", (address, url) => {
    expect(normaliseUrl(address, false)).toBe(url);
  });

  test("where TLS is used, an address without a scheme means https", () => {
    expect(normaliseUrl("broker:7000", true)).toBe("https://broker:7000");
    expect(normaliseUrl("broker", true)).toBe("https://broker:6650");
    expect(normaliseUrl("broker:443", true)).toBe("https://broker");
    expect(normaliseUrl("http://broker:7000", true)).toBe("http://broker:7000");
  });

  // The port is written down, and the slash says nothing about it.
  test("a slash at the end does not change the port", () => {
    expect(normaliseUrl("broker:80/", false)).toBe("http://broker");
    expect(normaliseUrl("broker:443/", true)).toBe("https://broker");
  });

  test("is the same when done twice", () => {
    for (const address of ["broker", "broker:80", "https://broker:443/", "[::1]"]) {
      const once = normaliseUrl(address, false);
      expect(normaliseUrl(once, false)).toBe(once);
      expect(normaliseUrl(once, true)).toBe(once);
    }
  });

  test.each([
    "",
    " ",
    "http://",
    "ftp://broker:6650",
    "unix:///run/broker",
    "http://broker:6650/path",
    "http://broker:6650?query",
    "http://broker:6650#part",
    "http://user@broker:6650",
    "http://user:password@broker:6650",
    "http://:password@broker:6650",
    "broker:port",
    "broker:70000",
    "two brokers:6650",
    "a:1,b:2",
    "::1",
  ])("%j is none", (address) => {
    expect(() => normaliseUrl(address, false)).toThrow(TypeError);
  });
});

describe("isLoopback", () => {
  test.each([
    "http://127.0.0.1:1",
    "http://127.8.9.10:1",
    "http://localhost:1",
    "http://[::1]:1",
    // As the URL parser reads them.
    "http://127.1:1",
    "http://2130706433:1",
    "http://0x7f.0.0.1:1",
  ])("%s stays on this machine", (url) => expect(isLoopback(url)).toBe(true));

  test.each([
    "http://10.0.0.1:1",
    "http://0.0.0.0:1",
    "http://[::]:1",
    "http://broker:1",
    "http://127.0.0.1.example:1",
    "http://localhost.example:1",
    "http://notlocalhost:1",
    "http://[::2]:1",
    "http://128.0.0.1:1",
    "http://3221226219:1",
    "http://[::ffff:10.0.0.1]:1",
    "http://[::ffff:127.0.0.1]:1",
    "http://127.0.0.1.nip.io:1",
    "http://127.0.0.1@evil.example:1",
    "http://localhost@evil.example:1",
    "http://localhost.:1",
    // Not all resolvers know that such names are this machine's.
    "http://a.localhost",
  ])("%s does not", (url) => expect(isLoopback(url)).toBe(false));
});

test("isUnspecified: addresses to listen on", () => {
  expect(["http://0.0.0.0:6650", "http://[::]:6650", "https://0.0.0.0"].map(isUnspecified)).toEqual([true, true, true]);
  expect(["http://127.0.0.1:1", "http://[::1]:1", "http://0.0.0.1:1"].map(isUnspecified)).toEqual([
    false,
    false,
    false,
  ]);
});
