import type { JsonObject, Message } from "@blora/spec";
import { InvalidInputError } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { tokenizerOf } from "./folder-fixture.ts";

/** Texts are those of transformers 5.24 by the same templates. */
const TOOL = {
  type: "function",
  function: {
    name: "now",
    strict: true,
    parameters: { type: "object", properties: {}, required: [], additionalProperties: false, note: 'it\'s "é"\n' },
  },
};

async function render(
  template: string,
  messages: readonly Message[] = [{ role: "user", content: "time?" }],
  tools: readonly JsonObject[] = [TOOL],
): Promise<string> {
  const { applyChatTemplate } = await tokenizerOf({
    "vocab.json": { a: 0, "<|endoftext|>": 1 },
    "merges.txt": "#version: 0.2\n",
    "config.json": { model_type: "gpt2" },
    "chat_template.jinja": template,
  });
  return applyChatTemplate!(messages, true, tools);
}

const calls = (args: JsonObject | string): Message[] => [
  { role: "user", content: "x" },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ type: "function", function: { name: "f", arguments: args } }],
  },
];
const CALLS = "{% for m in messages %}{% for c in m.tool_calls or [] %}";
const END = "{% endfor %}{% endfor %}";
const EACH = "{% for k, v in tools[0].function.parameters.items() %}";

describe("a chat template", () => {
  it("writes indented JSON of what is empty as Python does", async () => {
    expect(await render("{{ tools[0] | tojson(indent=4) }}")).toBe(JSON.stringify(TOOL, null, 4));
    expect(await render("{{ [none, [], {'a': {}}] | tojson(indent=1) }}")).toBe(
      '[\n null,\n [],\n {\n  "a": {}\n }\n]',
    );
  });

  it("writes true, lists and objects as Python does", async () => {
    const text = await render("{{ tools[0].function.strict }} {{ tools[0].function.parameters }} {{ [1, 'a'] }}");
    expect(text).toBe(
      "True {'type': 'object', 'properties': {}, 'required': [], 'additionalProperties': False, " +
        "'note': 'it\\'s \"é\"\\n'} [1, 'a']",
    );
    const blocks =
      "{% set x %}{{ add_generation_prompt }}{% endset %}{{ x + '.' }}{% macro m(a) %}{{ a }}{% endmacro %}";
    expect(await render(`${blocks}{{ m(tools[0].function.strict) }}`)).toBe("True.True");
  });

  it("writes none as Python does, and nothing for what there is not", async () => {
    expect(await render("{{ none }}{{ messages[0].get('name') }}|{{ messages[0].name }}{{ nothing }}|")).toBe(
      "NoneNone||",
    );
    const silent = "{% set x = none %}{% macro m() %}{% endmacro %}{% generation %}{{ m() }}{% endgeneration %}";
    expect(await render(`${silent}{% for m in messages %}{% continue %}{% endfor %}.`)).toBe(".");
    const written = `${CALLS}{% for k, v in c.function.arguments.items() %}{{ k }}={{ v }};{% endfor %}${END}`;
    expect(await render(written, calls({ unit: null, days: 3 }))).toBe("unit=None;days=3;");
  });

  it("has the same text where its lines end as those of Windows", async () => {
    const lines = ["", "{% if true %}", "b", "{% endif %}", "{{ 'c' }}", "d"];
    expect(await render(lines.join("\r\n"))).toBe("\nb\nc\nd");
    expect(await render(lines.join("\n"))).toBe("\nb\nc\nd");
  });

  it("strips the letters it names and no others, as Python does", async () => {
    const text = "{% set c = '\\n\\n  x y \\n' %}";
    expect(await render(`${text}[{{ c.lstrip('\\n') }}][{{ c.rstrip('\\n') }}][{{ c.strip('\\n') }}]`)).toBe(
      "[  x y \n][\n\n  x y ][  x y ]",
    );
    expect(await render(`${text}[{{ c.lstrip() }}][{{ c.strip(' \\n') }}][{{ 'abxba🤗'.strip('ab🤗') }}]`)).toBe(
      "[x y \n][x y][x]",
    );
    await expect(render("{{ 'a'.strip(1) }}")).rejects.toThrow("it calls strip with what is no text");
  });

  it("strips white space as Python has it", async () => {
    const messages = [{ role: "user", content: "\ufeff\u3000a\u00a0\u0085\u001c\u200b\n" }];
    const template =
      "[{{ messages[0].content | trim }}][{{ messages[0].content.strip() }}][{{ messages[0].content.rstrip() }}]";
    expect(await render(template, messages)).toBe("[X][X][X]".replaceAll("X", "\ufeff\u3000a\u00a0\u0085\u001c\u200b"));
    expect(await render(template, [{ role: "user", content: " \u3000a\u0085\u001c\u2028" }])).toBe("[a][a][ \u3000a]");
    expect(await render("[{{ 3 | trim }}][{{ none | trim }}][{{ nothing | trim }}]")).toBe("[3][None][]");
  });

  it("finds equal what Python does", async () => {
    const equal =
      "[] == [] and [1, 'a'] == [1, 'a'] and {'a': [1]} == {'a': [1]} and 1 == 1.0 and true == 1 and none == none";
    expect(await render(`{{ ${equal} }}`)).toBe("True");
    const unequal =
      "'1' == 1 or '' == false or none == nothing or none == '' or [1] == [2] or [1, 2] == (1, 2) or {'a': 1} == {'b': 1}";
    expect(await render(`{{ ${unequal} }}{{ tools != [] }}{{ messages[0].tool_calls == none }}`)).toBe(
      "FalseTrueFalse",
    );
  });

  it("joins values to text as Python does", async () => {
    const text = '<type>object;<properties>{};<required>[];<additionalProperties>False;<note>it\'s "é"\n;';
    expect(await render(`${EACH}{{ '<' ~ k ~ '>' ~ v ~ ';' }}{% endfor %}`)).toBe(text);
    expect(await render(`${EACH}{{ '<' + k + '>' + (v | string) + ';' }}{% endfor %}`)).toBe(text);
    expect(await render("{{ 'x' ~ none ~ nothing ~ 1.5 ~ 2 }}")).toBe("xNone1.52");
    expect(await render("{{ [1] + [2] }}{{ 1 + 2 }}{{ 4 / 2 + 1 }}")).toBe("[1, 2]33.0");
  });

  it("is refused where it joins a text to an object", async () => {
    await expect(render("{{ 'x' + tools[0] }}")).rejects.toThrow(/refuses .*: it joins a text to what is no text/);
    await expect(render("{{ 'x' + add_generation_prompt }}")).rejects.toThrow(InvalidInputError);
  });

  it("gets the arguments of calls as JSON text where it takes no objects", async () => {
    const joined = `${CALLS}{{ '<call>' + c.function.name + '\n' + c.function.arguments + '</call>' }}${END}`;
    const args = { city: "Zürich", n: [1, 2] };
    expect(await render(joined, calls(args))).toBe('<call>f\n{"city": "Zürich", "n": [1, 2]}</call>');
  });

  it("gets them as objects where it writes them itself", async () => {
    const written = `${CALLS}{{ c.function.arguments | tojson }}{{ c.function.arguments.city }}${END}`;
    expect(await render(written, calls({ city: "Ur" }))).toBe('{"city": "Ur"}Ur');
  });
});
