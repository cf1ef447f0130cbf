import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Interceptor } from "@connectrpc/connect";
import { readArrivals } from "./arrivals.ts";
import type { Setup } from "./row.ts";
import { brokerHeader } from "./rows/any.ts";
import type { World } from "./world.ts";

const run = promisify(exec);

const asBroker: Interceptor = (next) => (request) => {
  request.header.set(brokerHeader, "test");
  return next(request);
};

/** What the environment says about brokers that somebody has started. */
export async function realWorld(setup: Setup, env: Record<string, string | undefined>): Promise<World> {
  const urls = (env["DANUBE_URL"] ?? "").split(",").filter((url) => url !== "");
  if (urls.length === 0) {
    throw new Error("DANUBE_URL must name the brokers");
  }
  const admin = async (args: string): Promise<string> => {
    const command = env["DANUBE_ADMIN"];
    if (command === undefined) {
      throw new Error("DANUBE_ADMIN must name the danube-admin command");
    }
    return (await run(`${command} ${args}`)).stdout;
  };
  const secured = setup === "secure" || setup === "no-jwt";
  const ca = env["DANUBE_CA"];
  const token = async (subject: string): Promise<string> => {
    const text = await admin(`security tokens create --subject ${subject} --secret-key ${env["DANUBE_JWT_SECRET"]}`);
    const found = /[\w-]+\.[\w-]+\.[\w-]+/.exec(text);
    if (!found) {
      throw new Error(`danube-admin gave no token: ${text}`);
    }
    return found[0];
  };
  const tokens = secured
    ? { all: await token("admin"), nothing: await token("nobody-in-particular") }
    : { all: "", nothing: "" };
  return {
    urls,
    broker: "real",
    setup,
    options: {
      ...(ca !== undefined && { tls: { ca: readFileSync(ca, "utf8") } }),
      ...(secured && { token: tokens.all }),
      ...(setup === "no-jwt" && { interceptors: [asBroker] }),
    },
    tokens,
    kept: { topic: env["DANUBE_TOPIC"] ?? "", subject: env["DANUBE_SUBJECT"] ?? "" },
    admin: {
      unload: async (topic) => void (await admin(`topics unload ${topic}`)),
      remove: async (topic) => void (await admin(`topics delete ${topic}`)),
    },
    read: (topic, options) => readArrivals(options, topic),
  };
}
