/** Name the built-in model goes by where users see it. */
export const BUILTIN_MODEL = "builtin";
