import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { kernel, type TracedKernel } from "../kernel.ts";

export const gatherKernels: Readonly<Record<string, TracedKernel>> = {
  GatherV2: kernel<{ x: TensorInfo; indices: TensorInfo }, { axis: number; batchDims: number }>(
    ({ x, indices }, { axis, batchDims }, backend) => {
      if (batchDims !== 0) throw new Error("a step may not gather with batch dimensions");
      const [along] = util.parseAxisParam(axis, x.shape);
      const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along! + 1)];
      // The gathered rows of a half-precision table are cast, not the table.
      const table = backend.graph.stored(backend.graphValue(x)) ?? backend.graphValue(x);
      const names = [table.name, backend.graphValue(indices).name];
      const rows = backend.graph.node("Gather", names, shape, table.type, { attributes: { axis: along! } });
      if (table.type === x.dtype) return backend.tensorOf(rows);
      return backend.tensorOf(backend.graph.node("Cast", [rows.name], shape, "float32", { attributes: { to: 1 } }));
    },
  ),
  /** The gradient of a gather along axis 0: rows with equal ids are summed. */
  UnsortedSegmentSum: kernel<{ x: TensorInfo; segmentIds: TensorInfo }, { numSegments: number }>(
    ({ x, segmentIds }, { numSegments }, backend) => {
      const shape = [numSegments, ...x.shape.slice(1)];
      const zeros = backend.emit("Expand", [], shape, "float32", {
        constants: [backend.scalar(0), backend.indices(shape)],
      });
      const ids = backend.emit("Cast", [segmentIds], segmentIds.shape, "int64", { attributes: { to: 7 } });
      const columns = backend.emit("Reshape", [ids], [x.shape[0]!, 1], "int64", {
        constants: [backend.indices([x.shape[0]!, 1])],
      });
      return backend.emit("ScatterND", [zeros, columns, x], shape, "float32", { attributes: { reduction: "add" } });
    },
  ),
  OneHot: kernel<{ indices: TensorInfo }, { depth: number; onValue: number; offValue: number; dtype?: string }>(
    ({ indices }, { depth, onValue, offValue, dtype }, backend) => {
      const classes = backend.scalar(depth, "int32");
      const column = backend.emit("Unsqueeze", [indices], [...indices.shape, 1], "int32", {
        constants: [backend.indices([-1])],
      });
      const range = backend.emit("Range", [], [depth], "int32", {
        constants: [backend.scalar(0, "int32"), classes, backend.scalar(1, "int32")],
      });
      const shape = [...indices.shape, depth];
      const matches = backend.emit("Equal", [column, range], shape, "bool");
      const type = dtype === "int32" ? "int32" : "float32";
      return backend.emit("Where", [matches], shape, type, {
        constants: [backend.scalar(onValue, type), backend.scalar(offValue, type)],
      });
    },
  ),
};
