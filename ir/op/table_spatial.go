package op

var spatialTable = [][]*Def{
	convDefs,
	poolDefs,
	gemmDefs,
	qlinearDefs,
	resizeDefs,
	sampleDefs,
	transposedDefs,
	convNDDefs,
	sampleKernelDefs,
	signalDefs,
	einsumDefs,
	ngramDefs,
}
