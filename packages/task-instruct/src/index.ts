export type { Chat, RenderedChat } from "./chat.ts";
export { type ChatTemplate, chatTemplates, renderChat } from "./chat-template.ts";
export { type InstructOptions, instruct } from "./instruct.ts";
export type { Piece } from "./piece.ts";
