/** LoRA at rank 8 of `recipes/glue`, frozen products in int8. */

import lora from "../../../recipes/glue/lora-8.ts";
import { inPrecision, type Runs } from "../in-precision.ts";

const runs: Runs = inPrecision("int8", lora);

export default runs;
