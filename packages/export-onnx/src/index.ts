export { type ExportOptions, type ExportSummary, exportOnnx, type WeightFormat, weightFormats } from "./export-onnx.ts";
export { type Measurement, type MeasureOptions, measureExport } from "./measure-export.ts";
export { requireExportFolder } from "./write/export-folder.ts";
