import { drawnTensors } from "@blora/network";
import type { PreparedRun } from "./prepare.ts";

/** What is not seen of the head a run starts with: a part of it that an adapter should have brought, labels taken by name. */
export function headNotes({ model, start }: PreparedRun, adapter: string | undefined): string[] {
  const drawn = start === undefined ? [] : drawnTensors(model, start);
  return [
    ...(drawn.length === 0
      ? []
      : [
          `${adapter}: the head tensors ${drawn.join(", ")} are neither in the adapter nor in the model: they start drawn.`,
        ]),
    ...(model.isHeadReordered && start === undefined
      ? ["The model's own head has its labels in another order (id2label): each was taken by its name."]
      : []),
  ];
}
