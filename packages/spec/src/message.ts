import type { JsonObject } from "./json.ts";

/** One turn of a conversation. */
export interface Message {
  /** `system`, `user`, `assistant`, or what else a chat template knows. */
  readonly role: string;
  /** Null where a turn only calls tools and its file says so: some templates ask for it. */
  readonly content: string | null;
  /** Thoughts before an answer of the assistant, where they are not part of `content`. */
  readonly reasoning_content?: string;
  /** Calls the assistant makes, as chat templates read them: arguments are objects, not JSON in a text. */
  readonly tool_calls?: readonly JsonObject[];
  /** Which call the turn of a tool answers. */
  readonly tool_call_id?: string;
  /** Who speaks, among several with the same role; the function, for the turn of a tool. */
  readonly name?: string;
  /** 0 for an answer of the assistant that is read, but not learned. Default 1. */
  readonly weight?: 0 | 1;
}
