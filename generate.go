package deepgo

//go:generate go run ./cmd/gen
