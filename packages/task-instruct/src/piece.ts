/** A part of a row: text, or one token by its id. */
export interface Piece {
  readonly content: string | number;
  /** Whether the model learns to write it. */
  readonly learned: boolean;
}
