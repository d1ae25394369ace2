package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs,
	quadDefs,
	planesDefs,
	fourDefs,
	resizeDefs,
	sampleDefs,
	transposedDefs,
	convNDDefs,
	sampleKernelDefs,
	signalDefs,
	einsumDefs,
	ngramDefs,
}
