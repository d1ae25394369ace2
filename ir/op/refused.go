package op

// Refusal says why deepgo does not take an operator of ONNX, and what to do instead.
type Refusal struct {
	Domain, Name string
	Why, Hint    string
}

const (
	textWhy   = "makes strings while it runs, for which there is no fixed buffer"
	textHint  = "prepare the text before the model; strings that are only compared, chosen or looked up are supported"
	mapWhy    = "takes a map, and only tensors have a fixed buffer"
	mapHint   = "give the model the features as a tensor"
	imageWhy  = "decodes a compressed image, whose size only the data tell"
	imageHint = "decode the picture before the model, and make its pixels the input"
)

// Refusals are the operators of ONNX that deepgo does not take, whatever their attributes are.
var Refusals = []Refusal{
	{"", "ImageDecoder", imageWhy, imageHint},
	{"", "RegexFullMatch", "matches strings that are not known when compiling", textHint},
	{"", "StringConcat", textWhy, textHint},
	{"", "StringNormalizer", textWhy, textHint},
	{"", "StringSplit", textWhy, textHint},
	{mlDomain, "CastMap", mapWhy, mapHint},
	{mlDomain, "DictVectorizer", mapWhy, mapHint},
	{"ai.onnx.preview.training", "Gradient", "differentiates a graph, which is training", "export the model for inference"},
}

// Refused returns why an operator is not taken, or nil.
func Refused(domain, name string) *Refusal {
	for i, r := range Refusals {
		if r.Domain == domain && r.Name == name {
			return &Refusals[i]
		}
	}
	return nil
}
