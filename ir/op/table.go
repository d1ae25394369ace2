package op

// defs is the explicit list of operators: one row per file of this package.
var defs = [][]*Def{
	viewDefs,
}
