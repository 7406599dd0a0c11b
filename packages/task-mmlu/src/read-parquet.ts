import { InvalidInputError } from "@blora/spec";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { type Question, type QuestionRow, rowOrigin, toQuestion } from "./question.ts";

/**
 * Reads one file as the Hub serves it (`cais/mmlu`). Its file of training
 * questions wraps every row in a struct called `train`.
 *
 * @throws InvalidInputError naming a file that is not parquet, or the row that is wrong
 */
export async function readParquet(file: string): Promise<Question[]> {
  return (await rowsOf(file)).map((row, index) => {
    const wrapped = row.train as QuestionRow | undefined;
    return toQuestion(wrapped ?? (row as unknown as QuestionRow), rowOrigin(file, index + 1));
  });
}

async function rowsOf(file: string): Promise<Record<string, unknown>[]> {
  try {
    return await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
  } catch (cause) {
    throw new InvalidInputError(`${file}: expected a parquet file. ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
