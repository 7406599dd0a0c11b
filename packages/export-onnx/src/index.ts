export { type ExportOptions, type ExportSummary, exportOnnx } from "./export-onnx.ts";
export { type Measurement, type MeasureOptions, measureExport } from "./measure-export.ts";
export * from "./web.ts";
export { requireExportFolder } from "./write/export-folder.ts";
