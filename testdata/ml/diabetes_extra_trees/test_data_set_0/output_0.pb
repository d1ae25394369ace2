JP,ƒCHûrCUí'C§oñBÿCu‚oC+bÕB‡c[CuF	C¡riC'gCªU.Cí³ãB¿ÚB
{CÎýÀBÔÁ
Cº‡¡BÅ¹ÌBÿýEC