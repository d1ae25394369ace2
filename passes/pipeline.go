package passes

// Pipeline is the order in which Run takes a graph down to kernel operators. A pass may stand in it more than once.
var Pipeline = [...]Pass{
	{Name: "foldconst", Doc: "compute nodes whose inputs are all constants", Run: foldConst},
	{Name: "deadcode", Doc: "remove nodes whose outputs nothing reads", Run: deadCode},
	{Name: "cse", Doc: "make nodes that compute the same one node", Run: cse},
}
