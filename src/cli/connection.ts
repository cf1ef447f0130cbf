import { readFileSync } from "node:fs";
import process from "node:process";
import type { ConnectOptions } from "../options.ts";
import { generations } from "../protocol/generation.ts";
import { oneOf, UsageError } from "./usage.ts";

/** The options by which every command that talks to brokers finds them. */
export const connectionOptions = {
  broker: { type: "string", short: "b", multiple: true },
  token: { type: "string" },
  "api-key": { type: "string" },
  protocol: { type: "string" },
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
      --api-key KEY        the API key to exchange for a JWT, at brokers until 0.10 (default: $DANUBE_API_KEY)
      --protocol VERSION   0.4, 0.5 or 0.6: the generation of the brokers (default: found out)
      --tls-ca FILE        PEM files, for https:// brokers
      --tls-cert FILE
      --tls-key FILE
      --tls-server-name NAME
      --allow-insecure     send the token or API key also without TLS
      --gateway            the URL is a gateway to the brokers`;

interface ConnectionValues {
  broker?: string[] | undefined;
  token?: string | undefined;
  "api-key"?: string | undefined;
  protocol?: string | undefined;
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
  // What was typed goes before what the environment says.
  const token = values.token ?? (values["api-key"] ? undefined : process.env["DANUBE_TOKEN"] || undefined);
  return {
    brokers,
    token,
    apiKey: values["api-key"] ?? (token === undefined ? process.env["DANUBE_API_KEY"] || undefined : undefined),
    protocol: oneOf("protocol", values.protocol, generations),
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
