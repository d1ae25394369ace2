package op

var mlTable = [][]*Def{
	mlDefs,
	treeDefs,
	svmDefs,
}
