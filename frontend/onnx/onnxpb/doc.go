// Package onnxpb holds the protocol buffer messages of the ONNX file format, made from onnx.proto by
// protoc --go_out=. --go_opt=paths=source_relative onnx.proto.
package onnxpb
