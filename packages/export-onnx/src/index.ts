export { type ExportOptions, type ExportSummary, exportOnnx, type WeightFormat, weightFormats } from "./export-onnx.ts";
