# deepgo with every compiler and emulator that it uses:
#   docker build -t deepgo .
#   docker run --rm -v "$PWD:/work" deepgo verify model.onnx --target cortex-m4
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /deepgo ./cmd/deepgo

FROM debian:bookworm-slim
COPY Makefile /tmp/Makefile
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends make ca-certificates && make -C /tmp packages && rm -rf /var/lib/apt/lists/*
COPY --from=build /deepgo /usr/local/bin/deepgo
WORKDIR /work
ENTRYPOINT ["deepgo"]
