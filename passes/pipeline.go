package passes

// Pipeline is the order in which Run takes a graph down to kernel operators. A pass may stand in it more than once.
var Pipeline = [...]Pass{
	foldconstPass, deadcodePass, csePass, simplifyPass,
	foldconstPass, deadcodePass,
	{Name: "gemm", Doc: "make matrix products with constants and their bias Gemm", Run: gemm},
	{Name: "foldbn", Doc: "fold BatchNormalization, and Mul and Add by constants, into weights", Run: foldBN},
	{Name: "mergegemm", Doc: "make Gemms that read the same value one", Run: mergeGemm},
	simplifyPass, csePass,
	foldconstPass, deadcodePass,
	{Name: "qdq", Doc: "turn operators between DequantizeLinear and QuantizeLinear into integer operators", Run: qdq},
	{Name: "dynamic", Doc: "join what makes floats of the sums of integers", Run: dynamic},
	{Name: "weightonly", Doc: "keep 8-bit weights of float operators as they are stored", Run: weightOnly},
	{Name: "floatweights", Doc: "compute the dequantized constants that are left", Run: floatWeights, Required: true},
	foldconstPass,
	{Name: "io", Doc: "choose the element types of inputs and outputs", Run: boundary, Required: true},
	deadcodePass,
	{Name: "narrow", Doc: "compute in float32 what is stored in 16 bits and less", Run: narrow, Required: true},
	{Name: "nhwc", Doc: "lower operators on images to kernels on NHWC, between Transposes", Run: nhwc, Required: true},
	{Name: "transposes", Doc: "move Transposes until they cancel", Run: transposes},
	{Name: "interleave", Doc: "take an input that arrives row by row with channels last", Run: interleave},
	foldconstPass, deadcodePass,
	{Name: "lower", Doc: "lower all other operators to kernels", Run: lower, Required: true},
	{Name: "bodies", Doc: "lower the sub-graphs of branches and loops, and make room for them", Run: bodies, Required: true},
	{Name: "trees", Doc: "write decision trees as code where that is smaller", Run: trees},
	{Name: "fuse", Doc: "join elementwise kernels with those that they follow", Run: fuse},
	{Name: "upright", Doc: "let time be what rows are counted along, where the input arrives so", Run: upright},
	{Name: "foldpools", Doc: "let poolings take one row at a time", Run: foldPools},
	{Name: "pack", Doc: "choose kernels for a processor's instructions, and pack their weights", Run: pack},
	{Name: "bind", Doc: "write the expressions of kernels in C", Run: bind, Required: true},
	{Name: "schedule", Doc: "order the nodes for the least peak of memory, make outputs legal", Run: schedule, Required: true},
	{Name: "pushinput", Doc: "copy the rows of an input that arrives row by row", Run: pushInput, Required: true},
	{Name: "stream", Doc: "choose which nodes run row by row", Run: stream},
	{Name: "joinrows", Doc: "make the pixels of pointwise convolutions one row", Run: joinRows},
	{Name: "plan", Doc: "give every value its place in memory", Run: planMemory, Required: true},
}

// Clean-ups that run several times.
var (
	foldconstPass = Pass{Name: "foldconst", Doc: "compute nodes whose inputs are all constants", Run: foldConst}
	deadcodePass  = Pass{Name: "deadcode", Doc: "remove nodes whose outputs nothing reads", Run: deadCode}
	csePass       = Pass{Name: "cse", Doc: "make nodes that compute the same one node", Run: cse}
	simplifyPass  = Pass{Name: "simplify", Doc: "remove nodes that change nothing, merge chains of the same kind", Run: simplify}
)
