import { readFileSync } from "node:fs";
import process from "node:process";
import type { ConnectOptions } from "../options.ts";
import { UsageError } from "./usage.ts";

/** The options by which every command that talks to brokers finds them. */
export const connectionOptions = {
  broker: { type: "string", short: "b", multiple: true },
  token: { type: "string" },
  "tls-ca": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-server-name": { type: "string" },
  "allow-insecure": { type: "boolean" },
  gateway: { type: "boolean" },
} as const;

export const connectionHelp = `  -b, --broker URL         a broker to ask first; may be repeated (default: $DANUBE_URL, comma-separated, or
                           http://127.0.0.1:6650)
      --token TOKEN        the JWT to send (default: $DANUBE_TOKEN)
      --tls-ca FILE        PEM files, for https:// brokers
      --tls-cert FILE
      --tls-key FILE
      --tls-server-name NAME
      --allow-insecure     send the token also without TLS
      --gateway            the URL is a gateway to the brokers`;

interface ConnectionValues {
  broker?: string[] | undefined;
  token?: string | undefined;
  "tls-ca"?: string | undefined;
  "tls-cert"?: string | undefined;
  "tls-key"?: string | undefined;
  "tls-server-name"?: string | undefined;
  "allow-insecure"?: boolean | undefined;
  gateway?: boolean | undefined;
}

export function connectOptions(values: ConnectionValues): ConnectOptions {
  const named = process.env["DANUBE_URL"]?.split(",").filter((url) => url.trim() !== "") ?? [];
  const brokers = values.broker ?? (named.length > 0 ? named : ["http://127.0.0.1:6650"]);
  const tls = {
    ca: pem("tls-ca", values["tls-ca"]),
    cert: pem("tls-cert", values["tls-cert"]),
    key: pem("tls-key", values["tls-key"]),
    serverName: values["tls-server-name"],
  };
  return {
    brokers,
    token: values.token ?? (process.env["DANUBE_TOKEN"] || undefined),
    tls: Object.values(tls).some((value) => value !== undefined) ? tls : undefined,
    allowInsecure: values["allow-insecure"],
    gateway: values.gateway,
  };
}

function pem(option: string, file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
}
