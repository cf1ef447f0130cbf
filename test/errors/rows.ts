import type { ErrorRow } from "./row.ts";
import { anyRows } from "./rows/any.ts";
import { createRows } from "./rows/create.ts";
import { createLuckRows } from "./rows/create-luck.ts";
import { lookupRows } from "./rows/lookup.ts";
import { registerRows } from "./rows/register.ts";
import { registryRows } from "./rows/registry.ts";
import { sendRows } from "./rows/send.ts";
import { sendSchemaRows } from "./rows/send-schema.ts";
import { topicSchemaRows } from "./rows/topic-schemas.ts";

/** What brokers up to 0.15.1 have against the calls of a producer and of the registry, and what comes of it. */
export const errorRows: readonly ErrorRow[] = [
  ...anyRows,
  ...lookupRows,
  ...createRows,
  ...createLuckRows,
  ...sendRows,
  ...sendSchemaRows,
  ...registerRows,
  ...registryRows,
  ...topicSchemaRows,
];
