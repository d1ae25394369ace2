package op

var pointwiseTable = [][]*Def{
	pointwiseDefs,
	variadicDefs,
	mapDefs,
	eachDefs,
	logicDefs,
	quantizeDefs,
	qpointwiseDefs,
	requantizeDefs,
	qtableDefs,
}
