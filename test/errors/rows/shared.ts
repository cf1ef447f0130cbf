import type { RegisterOptions } from "@danube-messaging/client";
import type { ErrorRow } from "../row.ts";

// What several rows of the registry say.

type Expected = Pick<ErrorRow, "error" | "recovery">;

export const rejected: Expected = { error: { code: "SCHEMA_REJECTED" }, recovery: "none" };
export const missing: Expected = { error: { code: "SCHEMA_NOT_FOUND" }, recovery: "none" };
export const incompatible: Expected = { error: { code: "SCHEMA_INCOMPATIBLE" }, recovery: "none" };
export const passing: Expected = { error: { code: "UNAVAILABLE" }, recovery: "few" };

export const json = (definition: string): RegisterOptions => ({ type: "json_schema", definition });
