import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isJsonRecord } from "./json.ts";

/** The options of a plugin that has none: nothing, or an empty object. */
export type NoOptions = Readonly<Record<string, never>> | undefined;

/** Schema of a plugin without options. */
export const noOptions: StandardSchemaV1<NoOptions, NoOptions> = {
  "~standard": {
    version: 1,
    vendor: "blora",
    validate: (value) => {
      const keys = isJsonRecord(value) ? Object.keys(value) : [];
      if (value === undefined || (isJsonRecord(value) && keys.length === 0)) return { value: value as NoOptions };
      return { issues: [{ message: `expected no options${keys.length > 0 ? `, found ${keys.join(", ")}` : ""}` }] };
    },
  },
};
