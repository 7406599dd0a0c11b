import { describeAdapter, readPeftConfig } from "@blora/adapters";
import { InvalidInputError } from "@blora/spec";

/** The model an adapter was trained on: Hub id or folder. @throws InvalidInputError where the adapter names none */
export async function baseModelOf(folder: string): Promise<string> {
  const baseModel = (await describeAdapter(folder))?.baseModel ?? readPeftConfig(folder).baseModel;
  if (baseModel !== undefined) return baseModel;
  throw new InvalidInputError(`${folder}: expected the name of a base model, found none. Give one.`);
}
