import { describeFamily } from "./every-command.ts";
import { ENCODERS } from "./family.ts";

for (const family of ENCODERS) describeFamily(family, "encoders");
