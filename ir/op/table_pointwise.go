package op

var pointwiseTable = [][]*Def{
	pointwiseDefs,
	variadicDefs,
	mapDefs,
	quantizeDefs,
	qpointwiseDefs,
	requantizeDefs,
	qtableDefs,
}
