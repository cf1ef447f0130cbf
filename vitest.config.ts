import { fileURLToPath } from "node:url";
import type { ViteUserConfig } from "vitest/config";

// Node runs what npm gets, the built package; Deno and Bun run the sources, as their users do. (Under vitest both
// resolve Node's export condition, so it is said here; test/runtimes/smoke.ts tries the conditions themselves.)
const native = "Deno" in globalThis || "Bun" in globalThis;
const entry = (path: string) =>
  fileURLToPath(new URL(native ? `./src/${path}.ts` : `./dist/src/${path}.js`, import.meta.url));
const alias = [
  { find: /^@danube-messaging\/client\/(avro|protobuf)$/, replacement: entry("schema/$1") },
  { find: /^@danube-messaging\/client\/testing$/, replacement: entry("testing/index") },
  { find: /^@danube-messaging\/client$/, replacement: entry("index") },
];

const config: ViteUserConfig = {
  test: {
    // An error that nobody catches fails the run, whatever the tests say.
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { resolve: { alias }, test: { name: "contract", include: ["test/contract/*.test.ts"] } },
      { resolve: { alias }, test: { name: "faults", include: ["test/faults/*.test.ts"], testTimeout: 30_000 } },
      // Workers in workerd, looked at from Node.
      { resolve: { alias }, test: { name: "workers", include: ["test/workers/*.test.ts"], testTimeout: 30_000 } },
      // Each with a program that npm does not bring: scripts/interop.ts looks whether it is there.
      ...["envoy", "grpc-web", "nghttpd", "grpc-go"].map((name) => ({
        resolve: { alias },
        test: { name, include: [`test/interop/${name}.test.ts`], testTimeout: 60_000, hookTimeout: 300_000 },
      })),
      {
        resolve: { alias },
        // Most of them wait.
        test: { name: "errors", include: ["test/errors/*.test.ts"], testTimeout: 60_000, maxConcurrency: 16 },
      },
    ],
  },
};

export default config;
