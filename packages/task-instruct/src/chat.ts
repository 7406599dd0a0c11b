import type { JsonObject, Message } from "@blora/spec";
import type { Piece } from "./piece.ts";

export interface Chat {
  readonly messages: readonly Message[];
  /** What the assistant may call. */
  readonly tools?: readonly JsonObject[] | undefined;
}

export interface RenderedChat {
  readonly pieces: readonly Piece[];
  /** Answers that are not learned, because the template rewrites them once the conversation goes on. */
  readonly rewrittenAnswers: number;
}
