/** What packages call their options in advice, and what the command line does. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/\bSet task\.(\w+)=(\w+)/g, "Use --set task.$1=$2"],
  [/(?<!--set )\btask\.(\w+)=(\[.*?\])/g, "--set 'task.$1=$2'"],
  [/(?<!--set |--set ')\btask\.(\w+)=/g, "--set task.$1="],
  [/\bstart anew with overwrite\b/g, "start anew with --overwrite"],
  [/\bresume anyway with allowConfigChange\b/g, "resume anyway with --allow-config-change"],
  [/\bSet maxTokensPerPass below (\d+)/g, "Use --set maxTokensPerPass=<less than $1>"],
  [/\bor lower maxSeqLength \((\d+)\)/g, "or --set maxSeqLength=<less than $1>"],
  [/\blower saveTotalLimit\b/g, "use --set saveTotalLimit=<fewer>"],
  [/\bUse the method lora\./g, "Use --method lora."],
  [/\bUse chatml or plain\./g, "Use --set task.template=chatml or --set task.template=plain."],
  [/\bChoose those to score with the option subjects\./g, "Choose those to score with --subjects."],
  [
    /\bchat_template for a conversation, found none\. Give a text\./g,
    "chat_template for --chat, found none. Leave it out.",
  ],
  [/^addBos: /g, "--add-bos: "],
  [/\b(generate does not go with .*)\. Use \w+\./g, "$1. Use blora predict."],
  [/\bhas no built-in data: name (.*)\.$/g, "has no built-in data: --data takes $1."],
  [/\bfound no such folder\. Give its place\./g, "found no such folder. Name its place with --model."],
  [/\bName the base model that it was trained on\./g, "--model takes the base model that it was trained on."],
  [/\bGive the model to use them all the same\./g, "Name it with --model to use them all the same."],
  [
    /\bexpected the name of a base model, found none\. Give one\./g,
    "expected the name of a base model, found none. Name it with --model.",
  ],
];

/** A message of a package with its options named as flags. */
export function inFlags(message: string): string {
  return FLAGS.reduce((text, [pattern, flag]) => text.replaceAll(pattern, flag), message);
}
