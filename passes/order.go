package passes

// order says which passes must come before which others, and why. A test holds Pipeline against it: the first
// occurrence of before stands in front of the first occurrence of after.
var order = []struct{ before, after, reason string }{
	{"foldconst", "deadcode", "folding leaves the nodes that computed constants without readers"},
	{"deadcode", "cse", "nodes that nothing reads need no comparison"},
	{"foldconst", "simplify", "its rules look for constant operands, shapes and axes"},
	{"simplify", "gemm", "an Identity or a Reshape between MatMul and Add would hide the bias"},
	{"gemm", "foldbn", "foldbn changes weights of Gemm only in the form that gemm makes"},
	{"foldbn", "mergegemm", "a map that several Gemms take in must still be in front of all of them"},
	{"mergegemm", "qdq", "it makes kernels of Gemms, one by one"},
	{"foldbn", "nhwc", "it knows weights as ONNX lays them out"},
	{"qdq", "nhwc", "a float kernel between DequantizeLinear and QuantizeLinear is not an island any more"},
	{"qdq", "weightonly", "integers on both sides are better than on one"},
	{"weightonly", "floatweights", "it needs the integers"},
	{"io", "narrow", "it makes floats of 8 bits out of nothing but what is left"},
	{"narrow", "nhwc", "kernels compute in float32"},
	{"floatweights", "nhwc", "float kernels take constants as weights"},
	{"nhwc", "transposes", "the Transposes around kernels are what is to cancel"},
	{"transposes", "lower", "lower makes copies of Transposes that are left"},
	{"lower", "trees", "trees are kernels then"},
	{"lower", "fuse", "it joins kernels"},
	{"lower", "foldpools", "it knows the kernels"},
	{"foldpools", "bind", "the kernels must be final"},
	{"fuse", "pack", "it knows the plain kernels"},
	{"pack", "bind", "the kernels must be final"},
	{"fuse", "bind", "the expressions of kernels must be whole"},
	{"bind", "schedule", "only kernels have memory and scratch to plan for"},
	{"schedule", "stream", "it cuts the nodes into runs, in their order"},
	{"stream", "joinrows", "what runs row by row has to keep its rows"},
	{"joinrows", "plan", "the plan holds for the nodes as they are called"},
}
