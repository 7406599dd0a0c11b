import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Attribute, ElementType, GraphNode, Initializer } from "./graph.ts";

/**
 * ONNX's protobuf messages, the few fields used here. Field numbers are those
 * of onnx.proto (ONNX IR version 10).
 */

const IR_VERSION = 10;
const OPERATOR_SET = 20;

/** A value at the border of a model. A dimension with a name may have any size. */
export interface ModelValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly type: ElementType;
}

/** What a file holds: a `Graph`, or one whose inputs have dimensions of any size. */
export interface Model {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Values in between whose shapes no reader could find out. */
  readonly values?: readonly ModelValue[];
  /** Version of ONNX's operator set; 20 where absent. */
  readonly operatorSet?: number;
}

/** TensorProto.DataType */
const DATA_TYPES: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  uint32: 12,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  uint8: 2,
  int8: 3,
  int16: 5,
  uint16: 4,
  int4: 22,
};

/** AttributeProto.AttributeType */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const INTS = 7;

const EXTERNAL_DATA_LOCATION = 1;

type Write = (writer: BinaryWriter) => void;

function message(writer: BinaryWriter, field: number, write: Write): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

const string = (writer: BinaryWriter, field: number, value: string) => {
  writer.tag(field, WireType.LengthDelimited).string(value);
};
const integer = (writer: BinaryWriter, field: number, value: number) => {
  writer.tag(field, WireType.Varint).int64(value);
};

/** A ModelProto. `locate` names the file that holds an initializer's bytes, relative to the data folder. */
export function writeModel(model: Model, locate: (path: string) => string): Uint8Array {
  const writer = new BinaryWriter();
  integer(writer, 1, IR_VERSION);
  string(writer, 2, "blora");
  message(writer, 7, (writer) => writeGraph(writer, model, locate));
  const operatorSets = [
    { domain: "", version: model.operatorSet ?? OPERATOR_SET },
    { domain: "com.microsoft", version: 1 },
  ];
  for (const { domain, version } of operatorSets) {
    message(writer, 8, (writer) => {
      string(writer, 1, domain);
      integer(writer, 2, version);
    });
  }
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, graph: Model, locate: (path: string) => string): void {
  for (const node of graph.nodes) message(writer, 1, (writer) => writeNode(writer, node));
  string(writer, 2, "step");
  for (const initializer of graph.initializers) {
    message(writer, 5, (writer) => writeTensor(writer, initializer, locate));
  }
  for (const value of graph.inputs) message(writer, 11, (writer) => writeValueInfo(writer, value));
  for (const value of graph.outputs) message(writer, 12, (writer) => writeValueInfo(writer, value));
  for (const value of graph.values ?? []) message(writer, 13, (writer) => writeValueInfo(writer, value));
}

function writeNode(writer: BinaryWriter, node: GraphNode): void {
  for (const input of node.inputs) string(writer, 1, input);
  for (const output of node.outputs) string(writer, 2, output);
  string(writer, 4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, (writer) => writeAttribute(writer, name, value));
  }
  string(writer, 7, node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, value: Attribute): void {
  string(writer, 1, name);
  if (typeof value === "number") {
    integer(writer, 3, value);
    integer(writer, 20, INT);
  } else if (typeof value === "string") {
    string(writer, 4, value);
    integer(writer, 20, STRING);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    integer(writer, 20, FLOAT);
  } else {
    for (const entry of value) integer(writer, 8, entry);
    integer(writer, 20, INTS);
  }
}

function writeTensor(writer: BinaryWriter, initializer: Initializer, locate: (path: string) => string): void {
  for (const dimension of initializer.shape) integer(writer, 1, dimension);
  integer(writer, 2, DATA_TYPES[initializer.type]);
  string(writer, 8, initializer.name);
  const { data } = initializer;
  if (data instanceof Uint8Array) {
    writer.tag(9, WireType.LengthDelimited).bytes(data);
    return;
  }
  const entries = { location: locate(data.path), offset: String(data.offset), length: String(data.length) };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, (writer) => {
      string(writer, 1, key);
      string(writer, 2, value);
    });
  }
  integer(writer, 14, EXTERNAL_DATA_LOCATION);
}

function writeValueInfo(writer: BinaryWriter, value: ModelValue): void {
  string(writer, 1, value.name);
  message(writer, 2, (writer) =>
    message(writer, 1, (writer) => {
      integer(writer, 1, DATA_TYPES[value.type]);
      message(writer, 2, (writer) => {
        for (const dimension of value.shape) {
          message(writer, 1, (writer) =>
            typeof dimension === "number" ? integer(writer, 1, dimension) : string(writer, 2, dimension),
          );
        }
      });
    }),
  );
}
