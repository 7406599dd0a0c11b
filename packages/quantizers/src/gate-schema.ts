import type { Gate } from "@blora/spec";
import { z } from "zod";

export const gateSchema: z.ZodType<Gate> = z.custom<Gate>(
  (value) => typeof value === "object" && value !== null && "sample" in value && "decide" in value,
  "a gate component, such as { $plugin: gate/hard-concrete }",
);
