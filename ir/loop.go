package ir

// Loop says which input of a kernel operator loop is what, as indices: how often it runs at most (one or none), whether it begins (one or
// none), variables, tensors of which iteration i takes element i of axis 0, and what the body captures.
//
// Its outputs are the variables and what it collects along axis 0. Attributes: counted and asked are 1 where there is a count, and a
// condition; vars and scans are the numbers of those; most bounds the iterations, -1 is no bound; tally is 1 where one more output, the last, counts them; turn_in and turn_out tell what is taken and
// collected from the back. A body that is told takes the number of the iteration and the condition first, and gives the next condition first.
type Loop struct{ Count, Asked, Vars, Scans, Captures []int }

// LoopOf sorts the inputs of a node.
func LoopOf(n *Node) Loop {
	at := 0
	take := func(k int) []int {
		list := make([]int, k)
		for i := range list {
			list[i], at = at, at+1
		}
		return list
	}
	a := n.Attrs
	return Loop{take(a.Int("counted")), take(a.Int("asked")), take(a.Int("vars")), take(a.Int("scans")), take(len(n.Inputs) - at)}
}
