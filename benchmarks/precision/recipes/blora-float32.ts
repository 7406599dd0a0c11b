/** B-LoRA of `recipes/glue`, frozen products in float32. */

import blora from "../../../recipes/glue/blora-adapter.ts";
import { inPrecision, type Runs } from "../in-precision.ts";

const runs: Runs = inPrecision("float32", blora);

export default runs;
