package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs, quadDefs, planesDefs, fourDefs, vecDefs, winoDefs,
}
