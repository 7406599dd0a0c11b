import { createChatTemplate } from "../../../packages/tokenizer/src/chat-template.ts";
import { readChatTemplate } from "../../../packages/tokenizer/src/chat-template-files.ts";
import { tokenizerFilesOf } from "../../../packages/tokenizer/src/tokenizer-files.ts";
import type { Target } from "../target.ts";
import { bpe, CHATML, FAST_CONFIG, MARKS, readTokenizer } from "./tokenizer-samples.ts";

export const chatTemplate: Target = {
  name: "chat-template",
  names: "chat-template",
  words: [
    ...[
      "{{",
      "}}",
      "{%",
      "%}",
      "{%-",
      "-%}",
      "{#",
      "#}",
      "for",
      "endfor",
      "if",
      "else",
      "endif",
      "set",
      "macro",
      "endmacro",
    ],
    ...[
      "messages",
      "role",
      "content",
      "raise_exception('x')",
      "strftime_now('%Y')",
      "namespace(x=1)",
      "range(3)",
      "loop.index",
    ],
    ...[
      "| tojson",
      "| trim",
      "| length",
      "| join(',')",
      "is defined",
      "not ",
      " in ",
      "[0]",
      "[1:]",
      "[::-1]",
      ".split('a')",
    ],
    ...[
      "constructor.constructor('globalThis.executed=1')()",
      "__proto__",
      "tools",
      "none",
      "true",
      "'",
      '"',
      "~",
      "%",
      "/0",
    ],
  ],
  tried: 300,
  seconds: 2.5,
  seeds: () => [
    CHATML,
    "{%- set ns = namespace(n=0) -%}{% for m in messages %}{% set ns.n = ns.n + loop.index %}{{ m.content | trim | tojson }}{% endfor %}{{ ns.n }}",
    "{% macro f(x, y='a') %}{{ x ~ y }}{% endmacro %}{{ f(messages[0].role) }}{{ messages[-1]['content'][1:] }}{{ bos_token }}",
    "{% if tools is defined and tools %}{{ tools | tojson(indent=2) }}{% elif messages | length > 1 %}x{% else %}{{ raise_exception('no') }}{% endif %}",
  ],
  async read(bytes) {
    const files = tokenizerFilesOf(new Map([["chat_template.jinja", bytes]]), "chat-template");
    const apply = createChatTemplate(await readChatTemplate(files), MARKS, "chat-template");
    apply?.([{ role: "user", content: "hi" }], true);
  },
};

export const pattern: Target = {
  name: "tokenizer-pattern",
  names: "tokenizer-pattern",
  words: [
    ...[
      "(?i:",
      "(?:",
      "(?=",
      "(?!",
      "(?<=",
      "(?<!",
      "(?>",
      "(?<a>",
      ")",
      "[",
      "]",
      "[^",
      "\\p{L}",
      "\\p{N}",
      "\\P{Han}",
      "\\s",
    ],
    ...[
      "\\S",
      "\\w",
      "\\b",
      "\\d",
      "\\r\\n",
      "+",
      "*",
      "?",
      "{1,3}",
      "{2,}",
      "|",
      "^",
      "$",
      "\\A",
      "\\z",
      "\\1",
      ".",
      "(a+)+$",
      "&&",
      "[[:alpha:]]",
    ],
  ],
  tried: 300,
  seconds: 2.5,
  seeds: () => [
    "(?i:'s|'t|'re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+(?!\\S)|\\s+",
    "\\d+|[a-z]+|\\W",
  ],
  read(bytes) {
    const split = {
      type: "Split",
      pattern: { Regex: Buffer.from(bytes).toString() },
      behavior: "Isolated",
      invert: false,
    };
    const json = bpe({ normalizer: null, pre_tokenizer: split });
    return readTokenizer("tokenizer-pattern", { "tokenizer.json": json, "tokenizer_config.json": FAST_CONFIG });
  },
};
