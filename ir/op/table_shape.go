package op

var shapeTable = [][]*Def{
	moveDefs,
	reshapeDefs,
	castDefs,
	normDefs,
	reduceDefs,
	recurrentDefs, weightOnlyDefs,
}
