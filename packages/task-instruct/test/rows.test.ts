import { InvalidInputError } from "@blora/spec";
import { parquetWriteFile } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { type InstructOptions, instruct } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const load = async (row: unknown, options: InstructOptions = {}) => {
  const { examples } = await instruct(options).load("train", dataFolder({ "train.jsonl": [row] }));
  return examples[0]!;
};

const user = { role: "user", content: "hi" };
const answer = { role: "assistant", content: "yo" };
const call = { type: "function", function: { name: "clock", arguments: '{"zone":"UTC"}' } };

describe("rows of other formats are read as conversations", () => {
  const messages = [user, answer];

  test.each([
    [
      "ShareGPT",
      {
        conversations: [
          { from: "human", value: "hi" },
          { from: "gpt", value: "yo" },
        ],
      },
    ],
    ["ShareGPT's own list with roles", { conversations: [user, answer] }],
    [
      "ShareGPT in messages",
      {
        messages: [
          { from: "user", value: "hi" },
          { from: "Assistant", value: "yo" },
        ],
      },
    ],
    [
      "parts",
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "h" },
              { type: "text", text: "i" },
            ],
          },
          answer,
        ],
      },
    ],
    [
      "capital letters",
      {
        messages: [
          { role: "User", content: "hi" },
          { role: "ASSISTANT", content: "yo" },
        ],
      },
    ],
    [
      "ShareGPT's roles",
      {
        messages: [
          { role: "human", content: "hi" },
          { role: "gpt", content: "yo" },
        ],
      },
    ],
    ["Alpaca", { instruction: "hi", input: "", output: "yo" }],
    ["Alpaca without input", { instruction: "hi", output: "yo" }],
    [
      "fields that are null or empty",
      {
        messages: [
          { ...user, tool_calls: null, name: null },
          { ...answer, tool_calls: [] },
        ],
        tools: [],
        prompt: null,
      },
    ],
    [
      "names and metadata",
      { id: 7, idx: 1, index: 2, uuid: "a", source: "b", metadata: { c: 1 }, messages: [user, answer] },
    ],
  ])("%s", async (_, row) => {
    expect(await load(row)).toEqual({ first: "", messages, origin: "train.jsonl:1" });
  });

  test("Alpaca's input follows its instruction", async () => {
    const { messages } = await load({ instruction: "Add.", input: "1 2", output: "3", system: "Be brief." });
    expect(messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Add.\n1 2" },
      { role: "assistant", content: "3" },
    ]);
  });

  test("lists of TRL learn the completion alone", async () => {
    const { messages } = await load({ prompt: [user, answer, user], completion: [answer] });
    expect(messages).toEqual([user, { ...answer, weight: 0 }, user, answer]);
  });

  test("tools are kept, with arguments of calls as objects and content null as it is", async () => {
    const tools = [{ type: "function", function: { name: "clock", parameters: {} } }];
    const row = {
      messages: [
        { role: "user", content: "now?" },
        { role: "assistant", content: null, tool_calls: [call], reasoning_content: "a clock" },
        { role: "tool", content: "9", tool_call_id: "c1", name: "clock" },
        { role: "assistant", content: "9", weight: 1 },
      ],
      tools,
    };
    const calls = [{ type: "function", function: { name: "clock", arguments: { zone: "UTC" } } }];
    const expected = {
      first: "",
      messages: [row.messages[0], { ...row.messages[1], tool_calls: calls }, row.messages[2], row.messages[3]],
      tools,
      origin: "train.jsonl:1",
    };
    expect(await load(row)).toEqual(expected);
    expect(await load({ ...row, tools: JSON.stringify(tools) })).toEqual(expected);
  });

  test("nulls with which a table fills up arguments and tools are left out, those that are meant are kept", async () => {
    const parameters = { type: "object", properties: { zone: { type: "string" }, city: null } };
    const tools = [{ type: "function", function: { name: "clock", parameters } }];
    const called = { type: "function", function: { name: "clock", arguments: { zone: "UTC", city: null } } };
    const turns = [user, { role: "assistant", content: null, tool_calls: [called] }, answer];
    const padded = turns.map((turn) => ({ tool_calls: null, ...turn }));
    const { messages, tools: read } = (await load({ messages: padded, tools }))!;
    expect(messages![1]!.tool_calls).toEqual([
      { type: "function", function: { name: "clock", arguments: { zone: "UTC" } } },
    ]);
    expect(read![0]!.function).toEqual({
      name: "clock",
      parameters: { type: "object", properties: { zone: { type: "string" } } },
    });
    const meant = (await load({ messages: turns, tools }))!;
    expect(meant.messages![1]!.tool_calls).toEqual([called]);
    expect(meant.tools).toEqual(tools);
  });

  test("thoughts and names of no letters are none", async () => {
    const row = [
      { ...user, name: "" },
      { ...answer, reasoning_content: "" },
    ];
    expect((await load({ messages: row })).messages).toEqual([user, answer]);
  });

  test("a field that is named as ignored is passed over", async () => {
    const row = { messages, prompt: "hi", score: 3 };
    expect(await load(row, { ignoredFields: ["prompt", "score"] })).toMatchObject({ messages });
  });
});

describe("a row is refused by file, row and field", () => {
  test.each([
    // Fields that are not understood.
    [
      { messages: [user, answer], functions: [{}] },
      "the field functions is not understood: expected messages, system, tools. Call it tools",
    ],
    [{ messages: [user, answer], weight: 0.5 }, "the field weight is not understood"],
    [
      { messages: [user, answer], score: 1 },
      "the field score is not understood: expected messages, system, tools. Leave it out, or name it in the task's option ignoredFields.",
    ],
    [
      { messages: [user, { ...answer, reasoning: "b" }] },
      "messages[1]: the field reasoning is not understood: expected role, content, weight, reasoning_content, tool_calls, tool_call_id, name. Call it reasoning_content.",
    ],
    [
      { messages: [user, { ...answer, wieght: 0 }] },
      "messages[1]: the field wieght is not understood: expected role, content, weight, reasoning_content, tool_calls, tool_call_id, name. Did you mean weight?",
    ],
    [
      { messages: [user, { ...answer, function_call: { name: "f" } }] },
      "messages[1]: the field function_call is not understood",
    ],
    [{ messages: [user, { ...answer, train: false }] }, "messages[1]: the field train is not understood"],
    [
      { conversations: [{ from: "human", value: "a", masked: true }] },
      "conversations[0]: the field masked is not understood: expected from, value, weight.",
    ],
    [{ prompt: "a", completion: "b", tools: [{}] }, "tools: expected in conversations alone, found beside texts."],
    [
      { prompt: "a", completion: "b", system: "c" },
      "the field system is not understood: expected prompt, completion, tools.",
    ],
    // Two forms, or none.
    [
      { prompt: "P", completion: "C", messages: [user, answer] },
      "expected a row of one form, found messages and prompt with completion. Leave one of them out.",
    ],
    [{ conversations: [user, answer], messages: [user, answer] }, "found messages and conversations."],
    [{ prompt: "P", messages: [user, answer] }, "the field prompt is not understood"],
    [
      { question: "a", answer: "b" },
      "found the fields question, answer. Convert the file with jq -c '{prompt: .question, completion: .answer}'.",
    ],
    [
      { prompt: "a", chosen: "b", rejected: "c" },
      "Convert the file with jq -c '{prompt: .prompt, completion: .chosen}'.",
    ],
    [{ text: "a" }, `Convert the file with jq -c '{prompt: "", completion: .text}'.`],
    [{}, "found no field."],
    [
      { conversations: [{ from: "function_call", value: "{}" }] },
      'found "function_call". Write it as a turn of the assistant with tool_calls: [',
    ],
    // Turns.
    [{ messages: [] }, "expected a turn of the assistant to learn, found no turns."],
    [{ messages: "hi" }, 'messages: expected a list, found "hi".'],
    [{ messages: ["hi"] }, 'messages[0]: expected an object, found "hi".'],
    [{ messages: [user, user] }, "expected a turn of the assistant to learn, found turns of user, user."],
    [
      { messages: [user, { ...answer, weight: 0 }] },
      "expected a turn of the assistant to learn, found turns of user, assistant with weight 0.",
    ],
    [{ messages: [{ content: "a" }, answer] }, "messages[0]: role: expected a text, found none."],
    [
      { messages: [{ role: "assitant", content: "a" }] },
      'messages[0]: role: expected one of system, developer, user, human, assistant, gpt, chatgpt, bard, bing, model, tool, observation, function, ipython, found "assitant". Did you mean assistant?',
    ],
    [{ messages: [user, { role: "assistant" }] }, "messages[1]: content: expected a text, found none."],
    [{ messages: [user, { ...answer, content: null }] }, "messages[1]: content: expected a text, found none."],
    [{ messages: [user, { ...answer, content: 7 }] }, "messages[1]: content: expected a text, found 7."],
    [{ messages: [{ ...user, content: ["a"] }, answer] }, 'messages[0]: content[0]: expected an object, found "a".'],
    [
      { messages: [{ ...user, content: [{ type: "image_url" }] }, answer] },
      'messages[0]: content[0]: expected a part of type text, found "image_url".',
    ],
    [
      { messages: [user, { ...answer, content: "" }, user, answer] },
      'turn 2: expected an answer of the assistant to learn, found "". Give it weight 0, or leave it out.',
    ],
    [
      { messages: [user, { ...answer, content: " \n" }] },
      'turn 2: expected an answer of the assistant to learn, found " \\n".',
    ],
    [{ messages: [user, { ...answer, weight: 0.5 }] }, "messages[1]: weight: expected 0 or 1, found 0.5."],
    [{ messages: [user, { ...answer, weight: "0" }] }, 'messages[1]: weight: expected 0 or 1, found "0".'],
    [
      { messages: [{ ...user, tool_calls: [call] }, answer] },
      "messages[0]: tool_calls: expected in turns of the assistant alone, found in one of user.",
    ],
    [
      { messages: [user, { ...answer, tool_calls: [{ function: {} }] }] },
      "messages[1]: tool_calls[0]: function: name: expected a text, found none.",
    ],
    [
      { messages: [user, { ...answer, tool_calls: [{ function: { name: "f", arguments: "{" } }] }] },
      'messages[1]: tool_calls[0]: function: arguments: expected an object, or JSON of one, found "{".',
    ],
    [{ messages: [user, answer], tools: "clock" }, 'tools: expected a list, found "clock".'],
    [
      { messages: [{ role: "system", content: "a" }, user, answer], system: "b" },
      "system: expected in a turn or as a field, found both.",
    ],
    [{ prompt: [user], completion: [user] }, "expected a turn of the assistant to learn, found turns of user, user."],
    [{ prompt: "a", completion: [answer] }, "completion: expected a text, found ["],
  ])("%j", async (row, message) => {
    await expect(load(row)).rejects.toThrow(
      `train.jsonl:1: ${message}`.replace(/^(train\.jsonl:1: )(found|Convert)/, "$2"),
    );
    await expect(load(row)).rejects.toThrow(/^train\.jsonl:1: /);
    await expect(load(row)).rejects.toSatisfy(InvalidInputError.isInstance);
  });
});

describe("files", () => {
  test("may be an array, a folder of shards, or what the Hub converts to", async () => {
    const { examples } = await instruct().load(
      "train",
      dataFolder({ "train.json": '[\n{"prompt":"a","completion":"b"},\n\n{"prompt":"c","completion":"d"}]' }),
    );
    expect(examples).toEqual([
      { first: "a", second: "b", origin: "train.json:2" },
      { first: "c", second: "d", origin: "train.json:4" },
    ]);
    const folder = dataFolder({
      "default/train/0001.jsonl": [{ prompt: "c", completion: "d" }],
      "default/train/0000.jsonl": [{ prompt: "a", completion: "b" }],
    });
    expect((await instruct().load("train", folder)).examples.map(({ first, origin }) => [first, origin])).toEqual([
      ["a", "default/train/0000.jsonl:1"],
      ["c", "default/train/0001.jsonl:1"],
    ]);
  });

  test("may be parquet with lists of objects", async () => {
    const folder = dataFolder({ "train/README.md": "" });
    const messages = [[user, { ...answer, weight: 1 }]];
    const columnData = [{ name: "messages", data: messages, type: "JSON" as const }];
    parquetWriteFile({ filename: `${folder}/train/0000.parquet`, columnData });
    expect((await instruct().load("train", folder)).examples).toEqual([
      { first: "", messages: messages[0], origin: "train/0000.parquet:1" },
    ]);
  });
});
