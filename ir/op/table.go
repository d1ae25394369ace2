package op

import "slices"

// defs is the explicit list of operators. Each area's list, in its own file, has a row per file.
var defs = slices.Concat(
	[][]*Def{viewDefs, externDefs, extentDefs},
	spatialTable,   // table_spatial.go: convolution, pooling, matrix products
	pointwiseTable, // table_pointwise.go: elementwise operators, casts, quantization
	shapeTable,     // table_shape.go: data movement, reductions, normalization, recurrent
	mlTable,        // table_ml.go: ai.onnx.ml
	[][]*Def{microsoftDefs},
)
