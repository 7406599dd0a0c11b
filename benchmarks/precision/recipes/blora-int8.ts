/** B-LoRA of `recipes/glue`, frozen products in int8. */

import blora from "../../../recipes/glue/blora-adapter.ts";
import { inPrecision, type Runs } from "../in-precision.ts";

const runs: Runs = inPrecision("int8", blora);

export default runs;
