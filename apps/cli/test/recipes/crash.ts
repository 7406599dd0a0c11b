import { lora } from "@blora/lora";
import tiny from "./tiny.ts";

const method = lora({ rank: 1 });

/** Ends its process as a fault of native code does. */
const recipe: typeof tiny = {
  ...tiny,
  method: { ...method, training: { beforeStep: () => void process.kill(process.pid, "SIGSEGV") } },
};

export default recipe;
