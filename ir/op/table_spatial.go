package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs, quadDefs, planesDefs, fourDefs, fpuDefs, vecDefs, winoDefs,
	qmatmulDefs,
	packedDefs,
	dynamicDefs,
}
