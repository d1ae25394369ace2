package device

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"

	"go.bug.st/serial"
)

// Open connects to a board: a serial port such as /dev/ttyACM0 or COM3, tcp:HOST:PORT, ssh:USER@HOST for a board that runs
// the program NAME in the user's home (put there by deepgo flash), or exec:COMMAND for a program that speaks by standard
// input and output.
func Open(where, program string, baud int) (*Client, error) {
	kind, rest, _ := strings.Cut(where, ":")
	switch kind {
	case "tcp":
		conn, err := net.Dial("tcp", rest)
		if err != nil {
			return nil, err
		}
		return New(conn), nil
	case "ssh":
		return command(append(SSH(rest), "./"+program))
	case "exec":
		return command(strings.Fields(rest))
	}
	port, err := serial.Open(where, &serial.Mode{BaudRate: baud})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return New(port), nil
}

// SSH returns the command for a host, USER@HOST or with options in front of it, as ssh takes them.
func SSH(host string) []string {
	return append([]string{"ssh", "-o", "BatchMode=yes"}, strings.Fields(host)...)
}

// process is a program as a connection.
type process struct {
	io.Reader
	io.WriteCloser
	cmd *exec.Cmd
}

func command(args []string) (*Client, error) {
	c := exec.Command(args[0], args[1:]...)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return New(&process{out, in, c}), nil
}

// Close ends the program by ending its input, and waits for it.
func (p *process) Close() error {
	if err := p.WriteCloser.Close(); err != nil {
		return err
	}
	_ = p.cmd.Wait() // its exit code says nothing about the answers, which were checked
	return nil
}
