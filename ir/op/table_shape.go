package op

var shapeTable = [][]*Def{
	moveDefs,
	reshapeDefs,
	castDefs,
	normDefs,
	normalizeDefs,
	attentionDefs,
	lossDefs,
	reduceDefs,
	recurrentDefs, weightOnlyDefs,
	indexDefs,
	arrangeDefs,
	orderDefs,
	selectDefs,
	controlDefs,
	controlKernels,
	randomDefs,
	trainingDefs,
}
