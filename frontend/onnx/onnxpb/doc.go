// Package onnxpb holds the protocol buffer messages of the ONNX file format.
package onnxpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative onnx.proto
