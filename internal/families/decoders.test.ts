import { describeFamily } from "./every-command.ts";
import { DECODERS } from "./family.ts";

for (const family of DECODERS) describeFamily(family, "decoders");
