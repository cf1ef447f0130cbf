import { Code } from "@connectrpc/connect";
import type {
  CheckCompatibilityRequest,
  SetCompatibilityModeRequest,
} from "../../../gen/danube_schema/schema_registry_pb.ts";
import { calling, calls } from "../calls.ts";
import type { ErrorRow } from "../row.ts";
import { changed } from "../wire.ts";
import { missing, passing, rejected } from "./shared.ts";

// The registry, but for RegisterSchema and what is about topics. Whatever goes wrong while it works is INTERNAL "Failed to …: …".

export const registryRows: ErrorRow[] = [
  {
    id: "registry-other",
    rpcs: ["RegisterSchema", "CheckCompatibility", "DeleteSchemaVersion", "SetCompatibilityMode"],
    when: "any other reason",
    status: Code.Internal,
    words: "Failed to …: Failed to deserialize schema metadata: …",
    ...passing,
    unreal: "all else that 0.15.1 says comes of metadata that another program has written",
    onDemand: "nobody else writes its metadata",
  },
  {
    id: "registry-no-versions",
    rpcs: ["RegisterSchema", "CheckCompatibility"],
    when: "a subject without versions",
    status: Code.Internal,
    words: "Failed to …: No existing versions found",
    ...missing,
    unreal: "deleting does not reach the versions that are compared with",
    onDemand: "deleting does not reach the versions that are compared with",
  },
  {
    id: "registry-unwritten",
    rpcs: ["RegisterSchema", "DeleteSchemaVersion", "SetCompatibilityMode"],
    when: "the metadata cannot be written: the brokers have no leader at the moment",
    status: Code.Internal,
    words: "Failed to …: Unknown error occurred: …",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["no-quorum"],
    provoke: async (context, rpc) => ({
      result: calls[rpc](context.connect(), { ...context.kept, schemaId: 0n }),
      passes: false,
    }),
    onDemand: "its metadata can always be written",
  },
  {
    id: "get-unknown",
    rpcs: ["GetSchema"],
    when: "nobody's id",
    status: Code.NotFound,
    words: "Schema not found for ID: …",
    ...missing,
    provoke: async (context) => ({ result: context.connect().schemas.get(2n ** 50n), passes: false }),
  },
  {
    id: "get-version",
    rpcs: ["GetSchema"],
    when: "a version that the subject does not have",
    status: Code.NotFound,
    words: "Schema not found for ID: …",
    ...missing,
    async provoke(context) {
      const { schemaId } = await context.other().schemas.register(context.subject(), { type: "string" });
      return { result: context.connect().schemas.get(schemaId, 7), passes: false };
    },
  },
  {
    id: "latest-unknown",
    rpcs: ["GetLatestSchema"],
    when: "a subject that is not registered",
    status: Code.NotFound,
    words: "Schema not found for subject: …",
    ...missing,
    provoke: async (context) => ({ result: context.connect().schemas.latest(context.subject()), passes: false }),
  },
  {
    id: "get-torn",
    rpcs: ["GetSchema", "GetLatestSchema"],
    when: "the subject's record is gone between two steps",
    status: Code.Internal,
    words: "Failed to get metadata: Schema metadata not found for subject: …",
    ...missing,
    unreal: "brokers delete no subjects",
    onDemand: "brokers delete no subjects",
  },
  {
    id: "get-unwritable",
    rpcs: ["GetSchema", "GetLatestSchema"],
    when: "the definition cannot be written as JSON",
    status: Code.Internal,
    words: "Failed to serialize schema: …",
    ...passing,
    unreal: "every definition can be",
    onDemand: "every definition can be",
  },
  {
    id: "versions-unknown",
    rpcs: ["ListVersions"],
    when: "a subject that is not registered",
    status: Code.NotFound,
    words: "Subject not found: …",
    ...missing,
    provoke: async (context) => ({ result: context.connect().schemas.versions(context.subject()), passes: false }),
  },
  {
    id: "versions-unread",
    rpcs: ["ListVersions"],
    when: "the metadata cannot be read",
    status: Code.Internal,
    words: "Failed to retrieve version list",
    ...passing,
    unreal: "an error there is taken for an empty list",
    onDemand: "its metadata can always be read",
  },
  {
    id: "check-unknown",
    rpcs: ["CheckCompatibility"],
    when: "a subject that is not registered",
    status: Code.Internal,
    words: "Failed to check compatibility: Schema metadata not found for subject: …",
    ...missing,
    async provoke(context) {
      const { schemas } = context.connect();
      return { result: schemas.check(context.subject(), { type: "string" }), passes: false };
    },
  },
  {
    id: "check-definition",
    rpcs: ["CheckCompatibility"],
    when: "a definition that is none",
    status: Code.Internal,
    words: "Failed to check compatibility: Invalid Avro schema: …",
    ...rejected,
    async provoke(context) {
      const subject = context.subject();
      await context.other().schemas.register(subject, { type: "avro", definition: '"string"' });
      const { schemas } = context.connect();
      return { result: schemas.check(subject, { type: "avro", definition: "{}" }), passes: false };
    },
  },
  {
    id: "check-mode",
    rpcs: ["CheckCompatibility"],
    when: "a mode that there is none of: OK, by the subject's own (check throws before it asks)",
    status: 0,
    words: "",
    recovery: "none",
    provoke: (context, rpc) =>
      calling(context, rpc, [
        changed<CheckCompatibilityRequest>(rpc, (request) => (request.compatibilityMode = "sideways")),
      ]),
  },
  {
    id: "delete-unknown",
    rpcs: ["DeleteSchemaVersion"],
    when: "a subject that is not registered: OK",
    status: 0,
    words: "",
    recovery: "none",
    provoke: async (context) => ({ result: context.connect().schemas.delete(context.subject(), 1), passes: false }),
  },
  {
    id: "delete-version",
    rpcs: ["DeleteSchemaVersion"],
    when: "a version that the subject does not have: OK",
    status: 0,
    words: "",
    recovery: "none",
    async provoke(context) {
      const subject = context.subject();
      await context.other().schemas.register(subject, { type: "string" });
      return { result: context.connect().schemas.delete(subject, 7), passes: false };
    },
  },
  {
    id: "mode-unknown",
    rpcs: ["SetCompatibilityMode"],
    when: "a mode that there is none of (setCompatibility throws before it asks)",
    status: Code.InvalidArgument,
    words: "Invalid compatibility mode: sideways",
    error: { code: "UNSUPPORTED" },
    recovery: "none",
    provoke: (context, rpc) =>
      calling(context, rpc, [
        changed<SetCompatibilityModeRequest>(rpc, (request) => (request.compatibilityMode = "sideways")),
      ]),
  },
  {
    id: "mode-subject",
    rpcs: ["SetCompatibilityMode"],
    when: "a subject that is not registered",
    status: Code.Internal,
    words: "Failed to set compatibility mode: Schema metadata not found for subject: …",
    ...missing,
    async provoke(context) {
      const { schemas } = context.connect();
      return { result: schemas.setCompatibility(context.subject(), "full"), passes: false };
    },
  },
  {
    id: "subjects-unread",
    rpcs: ["ListSubjects"],
    when: "the metadata cannot be read",
    status: Code.Internal,
    words: "Failed to list subjects: …",
    ...passing,
    unreal: "an error there is taken for an empty list",
    onDemand: "its metadata can always be read",
  },
];
