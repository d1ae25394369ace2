package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs,
	qmatmulDefs,
	packedDefs,
	dynamicDefs,
}
