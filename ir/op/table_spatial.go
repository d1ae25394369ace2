package op

var spatialTable = [][]*Def{}
