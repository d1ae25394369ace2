package op

var pointwiseTable = [][]*Def{}
