import { configureGlobal } from "fast-check";

/** Properties are tried on the same draws in every run, or on others where `BLORA_PROPERTY_SEED` says which. */
configureGlobal({ seed: Number(process.env.BLORA_PROPERTY_SEED ?? 1) });
