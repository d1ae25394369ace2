# Each target is one line that a person could type.
all: gen vet test

gen:            ## regenerate OPS.md
	go generate ./...

vet:
	test -z "$$(gofmt -l .)" && go vet ./...

test:
	go test ./...

# What the tests need besides Go, on Debian.
PACKAGES = gcc libc6-dev clang g++ gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
	gcc-avr avr-libc simavr gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross \
	gcc-arm-linux-gnueabi libc6-dev-armel-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross \
	gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross gcc-mingw-w64-x86-64 wine wine64 lld llvm wasi-libc libclang-rt-dev-wasm32 nodejs cmake arduino-builder arduino-core-avr \
	avrdude libsimavr-dev libelf-dev gdb-multiarch openssh-server openssh-client python3 python3-venv chromium \
	qemu-system-arm qemu-system-misc qemu-user libglib2.0-dev

packages:       ## install compilers and emulators (Debian), and PlatformIO's packer
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null
	command -v pio >/dev/null || { python3 -m venv /opt/platformio && /opt/platformio/bin/pip install -q platformio && ln -sf /opt/platformio/bin/pio /usr/local/bin/pio; }

check: packages ## install what the tests need (Debian), and run them all; nothing is skipped
	CI=true $(MAKE) vet
	CI=true go test -timeout 50m ./...

golden:         ## write anew what tests and pages expect: passes, generated C, README, tutorials
	go test ./passes ./codegen -count=1 -update
	CI=true go test ./cmd/deepgo -run 'TestREADME|TestTutorials' -count=1 -update

bench:          ## measure every model of testdata/ledger.txt again, and write it (needs DEEPGO_SHARED)
	go test ./cmd/deepgo -run TestLedger -count=1 -update

VENV = $(HOME)/.cache/deepgo/onnxruntime
MODELS = $(wildcard $(DEEPGO_SHARED)/models/mlperf-tiny/*/model.onnx testdata/models/digits_*/model.onnx testdata/captcha/model.onnx)
bench-host:     ## time MODELS on this machine, one thread, against ONNX Runtime, which is put into VENV; fails where deepgo is slower
	test -x $(VENV)/bin/python || python3 -m venv $(VENV)
	$(VENV)/bin/python -c "import onnxruntime" 2>/dev/null || $(VENV)/bin/pip install -q onnxruntime
	go run ./cmd/benchhost --python $(VENV)/bin/python $(MODELS)

conformance:    ## run ONNX's 1,884 node tests in the interpreter and in C, and print those that do not pass
	go run ./cmd/conformance

release:        ## static binaries for Linux, macOS and Windows in dist/, with checksums and an SBOM
	.ci/release

.PHONY: all gen vet test packages check golden bench bench-host conformance release
