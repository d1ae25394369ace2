package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/targets"
)

const digits = models + "digits_int8"

// TestEveryBoardBuilds builds firmware for every board, and checks its images with independent tools.
func TestEveryBoardBuilds(t *testing.T) {
	needs.Tools(t, "objcopy", "python3")
	for _, name := range targets.Boards() {
		t.Run(name, func(t *testing.T) {
			board, target, err := targets.LoadBoard(name)
			if err != nil {
				t.Fatal(err)
			}
			needs.ToolsOf(t, target)
			dir := t.TempDir()
			mustRun(t, "build", digits+"/model.onnx", "--board", name, "--output", dir)
			for _, format := range board.Formats {
				if !exists(filepath.Join(dir, "digits_int8-"+name+"."+format)) {
					t.Errorf("no %s", format)
				}
			}
			checkImages(t, filepath.Join(dir, "digits_int8-"+name), board)
			if board.Checked == "" || board.Doc == "" || len(board.Flashers) == 0 {
				t.Errorf("%s does not say what it is, how it is flashed and how far it is checked", name)
			}
		})
	}
}

// checkImages turns HEX back into BIN by objcopy, and UF2 by a decoder of its own, and compares.
func checkImages(t *testing.T, base string, board *targets.Board) {
	has := strings.Join(board.Formats, " ")
	if strings.Contains(has, "hex") && strings.Contains(has, "bin") {
		shell(t, filepath.Dir(base), "objcopy -I ihex -O binary "+base+".hex back.bin && cmp back.bin "+base+".bin")
	}
	if strings.Contains(has, "uf2") {
		decoder, err := filepath.Abs("testdata/uf2.py")
		if err != nil {
			t.Fatal(err)
		}
		shell(t, filepath.Dir(base), fmt.Sprintf("python3 %s %s.uf2 %d %s back.bin && cmp -n $(stat -c %%s %s.bin) back.bin %s.bin", decoder, base, board.Flash.Origin, board.UF2Family, base, base)) // its last block is padded
	}
}

// freePort returns a TCP port that nothing listens on.
func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start runs a program until the test ends.
func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c
}

// listening waits until something listens on a port.
func listening(t *testing.T, port int) {
	t.Helper()
	for range 100 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens on port %d", port)
}

// verifyDevice runs digits' golden cases on a device.
func verifyDevice(t *testing.T, board, device string) {
	t.Helper()
	out := mustRun(t, "verify", digits+"/model.onnx", "--board", board, "--device", device, "--data", digits)
	if !strings.Contains(out, "pass   digits_int8") || !strings.Contains(out, "100.00 % of the elements equal") {
		t.Errorf("%s", out)
	}
}

// TestBoardsUnderQEMU runs the firmware of every board that QEMU has, and talks to its serial port.
func TestBoardsUnderQEMU(t *testing.T) {
	emulated := 0
	for _, name := range targets.Boards() {
		board, target, err := targets.LoadBoard(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(board.Emulator) == 0 {
			continue
		}
		emulated++
		t.Run(name, func(t *testing.T) {
			needs.ToolsOf(t, target)
			needs.Tools(t, board.Emulator[0])
			verifyDevice(t, name, emulate(t, board))
		})
	}
	if emulated < 6 {
		t.Errorf("only %d boards are emulated", emulated)
	}
}

// TestLayersOnBoard asks an emulated board what each node computed, and how long it took.
func TestLayersOnBoard(t *testing.T) {
	for _, name := range []string{"bbc-microbit", "hifive1-revb", "qemu-mps2-an386"} {
		t.Run(name, func(t *testing.T) {
			board, target, err := targets.LoadBoard(name)
			if err != nil {
				t.Fatal(err)
			}
			needs.ToolsOf(t, target)
			needs.Tools(t, board.Emulator[0])
			told, silent := emulate(t, board, "--layers"), emulate(t, board)
			args := []string{"verify", digits + "/model.onnx", "--board", name, "--data", digits, "--layers", "--json", "--device"}
			var r verify.Result
			if err := json.Unmarshal([]byte(mustRun(t, append(args, told)...)), &r); err != nil {
				t.Fatal(err)
			}
			if len(r.Layers) < 6 {
				t.Errorf("only %d layers", len(r.Layers))
			}
			for _, l := range r.Layers {
				if !l.Equal || len(l.From) == 0 || name == "hifive1-revb" && l.Cycles == 0 {
					t.Errorf("%+v", l)
				}
			}
			var stderr strings.Builder
			if code := run(append(args, silent), &strings.Builder{}, &stderr); code == 0 || !strings.Contains(stderr.String(), "deepgo flash --layers") {
				t.Errorf("firmware without traces: exit code %d, %s", code, stderr.String())
			}
		})
	}
}

// emulate builds firmware of digits for a board that QEMU has, starts it, and returns its serial port.
func emulate(t *testing.T, board *targets.Board, flags ...string) string {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	mustRun(t, append([]string{"build", digits + "/model.onnx", "--board", board.Name, "--output", dir}, flags...)...)
	serial := fmt.Sprintf("tcp:127.0.0.1:%d,server,nowait", port)
	start(t, append(slices.Clone(board.Emulator), "-serial", serial, "-kernel", filepath.Join(dir, "digits_int8-"+board.Name+".elf"))...)
	listening(t, port)
	return fmt.Sprintf("tcp:127.0.0.1:%d", port)
}

// TestFlashByGDB replaces the program of a running board through its gdb server.
func TestFlashByGDB(t *testing.T) {
	needs.Tools(t, "gdb-multiarch", "qemu-system-arm", "arm-none-eabi-gcc")
	const name = "qemu-mps2-an386"
	board, _, err := targets.LoadBoard(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, serial, gdb := t.TempDir(), freePort(t), freePort(t)
	mustRun(t, "build", models+"sine_int8/model.onnx", "--board", name, "--output", dir)
	start(t, append(board.Emulator, "-serial", fmt.Sprintf("tcp:127.0.0.1:%d,server,nowait", serial), "-gdb", fmt.Sprintf("tcp:127.0.0.1:%d", gdb),
		"-kernel", filepath.Join(dir, "sine_int8-"+name+".elf"))...)
	listening(t, serial)
	port := fmt.Sprintf("tcp:127.0.0.1:%d", serial)
	if code := run([]string{"verify", digits + "/model.onnx", "--board", name, "--device", port, "--data", digits}, &strings.Builder{}, &strings.Builder{}); code != 1 {
		t.Errorf("verifying another model than the board's: exit code %d", code)
	}
	out := mustRun(t, "flash", digits+"/model.onnx", "--board", name, "--port", fmt.Sprintf("localhost:%d", gdb))
	if !strings.Contains(out, "running gdb-multiarch") {
		t.Errorf("%s", out)
	}
	verifyDevice(t, name, port)
}

// TestFlashArduino lets avrdude put the firmware into a simulated Uno, through its boot loader and a pseudo terminal.
func TestFlashArduino(t *testing.T) {
	needs.Tools(t, "avrdude", "avr-gcc", "cc")
	const bootloader = "/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot/optiboot_atmega328.hex"
	if !exists(bootloader) || !exists("/usr/include/simavr") {
		if os.Getenv("CI") != "" {
			t.Fatal("the boot loader (arduino-core-avr) or simavr's library (libsimavr-dev) is missing")
		}
		t.Skip("the boot loader (arduino-core-avr) or simavr's library (libsimavr-dev) is missing")
	}
	simuno := filepath.Join(t.TempDir(), "simuno")
	shell(t, "testdata/simuno", "cc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE simuno.c -o "+simuno+" -lsimavr -lelf")
	c := exec.Command(simuno, bootloader)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	terminal, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	terminal = strings.TrimSpace(terminal)
	mustRun(t, "flash", digits+"/model.onnx", "--board", "arduino-uno", "--port", terminal)
	verifyDevice(t, "arduino-uno", terminal)
}

// TestFlashBySSH deploys to a server on this machine, which runs the Raspberry Pi's program by qemu-user.
func TestFlashBySSH(t *testing.T) {
	needs.Tools(t, "ssh", "ssh-keygen", "qemu-aarch64", "aarch64-linux-gnu-gcc")
	sshd := "/usr/sbin/sshd"
	if !exists(sshd) {
		if os.Getenv("CI") != "" {
			t.Fatal("openssh-server is missing")
		}
		t.Skip("openssh-server is missing")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, port := t.TempDir(), freePort(t)
	shell(t, dir, "ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub authorized && mkdir home && chmod 700 .")
	// The server stands for the Pi: its commands run in a home of their own, and the Pi's program under qemu-user.
	command := filepath.Join(dir, "command")
	script := "#!/bin/sh\ncd " + dir + "/home\ncase \"$SSH_ORIGINAL_COMMAND\" in\n./*) exec qemu-aarch64 \"$SSH_ORIGINAL_COMMAND\" ;;\n*) exec sh -c \"$SSH_ORIGINAL_COMMAND\" ;;\nesac\n"
	config := fmt.Sprintf("HostKey %[1]s/host\nAuthorizedKeysFile %[1]s/authorized\nStrictModes no\nUsePAM no\nPidFile none\nListenAddress 127.0.0.1\nPort %[2]d\nForceCommand %[3]s\n", dir, port, command)
	for name, text := range map[string]string{"command": script, "config": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // only root can make it
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("the server needs /run/sshd: %v", err)
	}
	start(t, sshd, "-D", "-e", "-f", filepath.Join(dir, "config"))
	listening(t, port)
	host := fmt.Sprintf("-p %d -i %s/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null %s@127.0.0.1", port, dir, me.Username)
	mustRun(t, "flash", digits+"/model.onnx", "--board", "raspberry-pi-4", "--port", host)
	verifyDevice(t, "raspberry-pi-4", "ssh:"+host)
}

func TestFlashWithoutTool(t *testing.T) {
	t.Setenv("PATH", "/nonexistent")
	var out, errs strings.Builder
	code := run([]string{"flash", digits + "/model.onnx", "--board", "arduino-uno", "--port", "/dev/ttyACM0"}, &out, &errs)
	if code != 1 || !strings.Contains(errs.String(), "arduino-uno is flashed with avrdude, which this machine lacks\n  hint: sudo apt-get install -y avrdude") {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
	if code := run([]string{"flash", digits + "/model.onnx", "--board", "arduino-uno", "--tool", "hammer"}, &out, &errs); code != 2 {
		t.Errorf("an unknown tool: exit code %d", code)
	}
}
