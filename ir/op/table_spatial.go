package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs,
	quadDefs,
	planesDefs,
	fourDefs,
	fpuDefs,
	qmatmulDefs,
	packedDefs,
	dynamicDefs,
	resizeDefs,
	sampleDefs,
	transposedDefs,
	convNDDefs,
	sampleKernelDefs,
	signalDefs,
	einsumDefs,
	ngramDefs,
}
