// The messages of the ONNX format that an exported model needs, with the field numbers of onnx.proto.
import type { INamespace } from "protobufjs/light.js";

/** ai.onnx operators are used as of this version (2022). */
export const ONNX_OPSET = 17;
/** ai.onnx.ml operators (LabelEncoder, OneHotEncoder) are used as of this version. */
export const ONNX_ML_OPSET = 3;
/** The version of the file format, as old as ONNX_OPSET allows. */
export const ONNX_IR_VERSION = 8;

/** TensorProto.DataType: the number of each type of element. */
export const elementTypes = {
  float: 1,
  uint8: 2,
  int64: 7,
  string: 8,
  bool: 9,
  double: 11,
} as const;

/** AttributeProto.AttributeType. */
export const attributeTypes = { float: 1, int: 2, floats: 6, ints: 7, strings: 8 } as const;

/** onnx.proto, as far as it is needed, in the form that protobufjs reads. */
export const schema: INamespace = {
  nested: {
    AttributeProto: {
      fields: {
        name: { type: "string", id: 1 },
        f: { type: "float", id: 2 },
        i: { type: "int64", id: 3 },
        floats: { rule: "repeated", type: "float", id: 7, options: { packed: false } },
        ints: { rule: "repeated", type: "int64", id: 8, options: { packed: false } },
        strings: { rule: "repeated", type: "bytes", id: 9 },
        type: { type: "int32", id: 20 },
      },
    },
    NodeProto: {
      fields: {
        input: { rule: "repeated", type: "string", id: 1 },
        output: { rule: "repeated", type: "string", id: 2 },
        name: { type: "string", id: 3 },
        opType: { type: "string", id: 4 },
        attribute: { rule: "repeated", type: "AttributeProto", id: 5 },
        domain: { type: "string", id: 7 },
      },
    },
    TensorProto: {
      fields: {
        dims: { rule: "repeated", type: "int64", id: 1, options: { packed: false } },
        dataType: { type: "int32", id: 2 },
        stringData: { rule: "repeated", type: "bytes", id: 6 },
        name: { type: "string", id: 8 },
        rawData: { type: "bytes", id: 9 },
      },
    },
    Dimension: {
      fields: { dimValue: { type: "int64", id: 1 }, dimParam: { type: "string", id: 2 } },
    },
    TensorShapeProto: { fields: { dim: { rule: "repeated", type: "Dimension", id: 1 } } },
    TensorTypeProto: {
      fields: { elemType: { type: "int32", id: 1 }, shape: { type: "TensorShapeProto", id: 2 } },
    },
    TypeProto: { fields: { tensorType: { type: "TensorTypeProto", id: 1 } } },
    ValueInfoProto: {
      fields: {
        name: { type: "string", id: 1 },
        type: { type: "TypeProto", id: 2 },
        docString: { type: "string", id: 3 },
      },
    },
    GraphProto: {
      fields: {
        node: { rule: "repeated", type: "NodeProto", id: 1 },
        name: { type: "string", id: 2 },
        initializer: { rule: "repeated", type: "TensorProto", id: 5 },
        docString: { type: "string", id: 10 },
        input: { rule: "repeated", type: "ValueInfoProto", id: 11 },
        output: { rule: "repeated", type: "ValueInfoProto", id: 12 },
      },
    },
    OperatorSetIdProto: {
      fields: { domain: { type: "string", id: 1 }, version: { type: "int64", id: 2 } },
    },
    StringStringEntryProto: {
      fields: { key: { type: "string", id: 1 }, value: { type: "string", id: 2 } },
    },
    ModelProto: {
      fields: {
        irVersion: { type: "int64", id: 1 },
        producerName: { type: "string", id: 2 },
        graph: { type: "GraphProto", id: 7 },
        opsetImport: { rule: "repeated", type: "OperatorSetIdProto", id: 8 },
        metadataProps: { rule: "repeated", type: "StringStringEntryProto", id: 14 },
      },
    },
  },
};
