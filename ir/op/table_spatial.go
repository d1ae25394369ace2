package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs,
	packedDefs,
	dynamicDefs,
}
