package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs, quadDefs, planesDefs, fourDefs, fpuDefs, blockDefs,
	qmatmulDefs,
	packedDefs,
	dynamicDefs,
}
