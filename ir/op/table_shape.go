package op

var shapeTable = [][]*Def{}
