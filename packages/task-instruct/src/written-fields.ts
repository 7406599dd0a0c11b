import { InvalidInputError, type Message, type Tokenizer } from "@blora/spec";
import type { Chat } from "./chat.ts";
import { isLearned } from "./read-row.ts";

type Apply = NonNullable<Tokenizer["applyChatTemplate"]>;

/** Fields of a turn that not every template writes. */
const FIELDS = ["tool_calls", "reasoning_content", "name"] as const;

/** Letters of a text that is in another only because it was put there: asking the template takes longer. */
const TELLING = 16;

/** What a template makes of a changed conversation; undefined where it refuses it. */
export function changedText(render: () => string): string | undefined {
  try {
    return render();
  } catch (cause) {
    if (InvalidInputError.isInstance(cause)) return undefined;
    throw cause;
  }
}

/**
 * Checks that a template writes what a conversation holds: what it leaves out
 * would be learned without, in silence. That the text stays the same without
 * a part shows that the part is not in it.
 *
 * @param text of the whole conversation
 * @throws InvalidInputError naming turn and field
 */
export function requireWritten({ messages, tools }: Chat, text: string, apply: Apply): void {
  if (tools !== undefined && changedText(() => apply(messages, false)) === text) throw unwritten("tools");
  for (const [index, message] of messages.entries()) {
    // History may lose its thoughts: asked is what is written while the turn is the last.
    const upTo = messages.slice(0, index + 1);
    const isOwn = isLearned(message);
    const turns = isOwn ? upTo : messages;
    let own: string | undefined;
    const written = (): string => {
      own ??= isOwn ? apply(turns, false, tools) : text;
      return own;
    };
    const isSameWith = (changed: Message): boolean =>
      changedText(() => apply(turns.with(index, changed), false, tools)) === written();

    for (const field of FIELDS) {
      if (message[field] === undefined || !mustBeWritten(field, message)) continue;
      const { [field]: _, ...without } = message;
      if (isSameWith(without)) throw unwritten(`turn ${index + 1}: ${field}`);
    }
    const content = (message.content ?? "").trim();
    if (content === "" || (content.length >= TELLING && text.includes(content))) continue;
    if (isSameWith({ ...message, content: `${content}X` })) throw unwritten(`turn ${index + 1} (${message.role})`);
  }
}

/** Tools are called by their names in calls; thoughts of turns that are not learned may be left out. */
function mustBeWritten(field: (typeof FIELDS)[number], message: Message): boolean {
  if (field === "name") return message.role !== "tool" && message.role !== "function";
  return field !== "reasoning_content" || isLearned(message);
}

function unwritten(what: string): InvalidInputError {
  return new InvalidInputError(
    `${what}: the chat_template of the checkpoint does not write it. Leave it out, or use a checkpoint whose template does.`,
  );
}
