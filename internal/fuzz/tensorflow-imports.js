import { register } from "node:module";

/** TensorFlow.js names folders and files without their ends, which bundlers complete and Node does not. */
const hooks = `
  const ENDS = ["", "/index.js", ".js"];
  export async function resolve(specifier, context, next) {
    if (!specifier.startsWith(".") || !context.parentURL?.includes("/@tensorflow/")) return next(specifier, context);
    for (const end of ENDS) {
      try {
        return await next(specifier + end, context);
      } catch (error) {
        if (end === ENDS.at(-1)) throw error;
      }
    }
  }`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
