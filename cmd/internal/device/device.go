// Package device talks to a board that runs deepgo's firmware: docs/protocol.md describes the frames.
package device

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/deepgo/deepgo/codegen/pack"
	"github.com/deepgo/deepgo/ir/tensor"
)

const (
	start   = 0xD9
	version = 1

	answerTime = 5 * time.Second
	runTime    = 10 * time.Minute
)

// Client is a connection to a board.
type Client struct {
	port  io.ReadWriteCloser
	bytes chan byte // what the board sends
	lost  chan error
	chunk int
}

// Info is what a board says of itself.
type Info struct {
	Model      string
	ClockHz    int
	ArenaBytes int
	Inputs     []Port
	Outputs    []Port
}

// Port is an input or output of the model on the board.
type Port struct {
	DType tensor.DType
	Bytes int
}

// New returns a client for a connection. Close closes the connection.
func New(port io.ReadWriteCloser) *Client {
	c := &Client{port: port, bytes: make(chan byte, 4096), lost: make(chan error, 1), chunk: 32}
	go c.receive()
	return c
}

func (c *Client) receive() {
	buf := make([]byte, 1024)
	for {
		n, err := c.port.Read(buf)
		for _, b := range buf[:n] {
			c.bytes <- b
		}
		if err != nil {
			c.lost <- err
			return
		}
	}
}

// Close ends the connection.
func (c *Client) Close() error { return c.port.Close() }

// Info asks who is there. A board that was reset by opening its port needs seconds to answer: it is asked again.
func (c *Client) Info() (*Info, error) {
	var err error
	for range 8 {
		var answer []byte
		if answer, err = c.ask('I', nil, 1500*time.Millisecond); err == nil {
			return c.parseInfo(answer)
		}
		if errors.Is(err, errLost) {
			break
		}
	}
	return nil, fmt.Errorf("the board does not answer as deepgo's firmware does: %w", err)
}

func (c *Client) parseInfo(b []byte) (*Info, error) {
	const fixed = 13
	if len(b) < fixed || b[0] != version {
		return nil, fmt.Errorf("the board speaks another version of the protocol")
	}
	c.chunk = int(binary.LittleEndian.Uint16(b[1:]))
	info := &Info{ClockHz: int(binary.LittleEndian.Uint32(b[3:])), ArenaBytes: int(binary.LittleEndian.Uint32(b[7:]))}
	inputs, outputs := int(b[11]), int(b[12])
	rest := b[fixed:]
	if c.chunk < 1 || len(rest) < 5*(inputs+outputs)+2 {
		return nil, errors.New("the board's description of the model is damaged")
	}
	for i := range inputs + outputs {
		d, ok := pack.DTypeOf(int(rest[0]))
		if !ok {
			return nil, fmt.Errorf("the board has elements of type %d", rest[0])
		}
		p := Port{d, int(binary.LittleEndian.Uint32(rest[1:]))}
		if i < inputs {
			info.Inputs = append(info.Inputs, p)
		} else {
			info.Outputs = append(info.Outputs, p)
		}
		rest = rest[5:]
	}
	info.Model = string(rest[2:])
	return info, nil
}

// Load sets an input.
func (c *Client) Load(input int, data []byte) error {
	for at := 0; at < len(data); at += c.chunk {
		part := data[at:min(at+c.chunk, len(data))]
		payload := binary.LittleEndian.AppendUint32([]byte{byte(input)}, uint32(at))
		if _, err := c.ask('L', append(payload, part...), answerTime); err != nil {
			return fmt.Errorf("loading input %d: %w", input, err)
		}
	}
	return nil
}

// Run runs the model once, and returns the board's own count of cycles; 0 where it has none.
func (c *Client) Run() (cycles uint64, err error) {
	answer, err := c.ask('R', nil, runTime)
	if err != nil {
		return 0, fmt.Errorf("running the model: %w", err)
	}
	if len(answer) != 5 || answer[0] != 0 {
		return 0, fmt.Errorf("the model returned error %d", answer[0])
	}
	return uint64(binary.LittleEndian.Uint32(answer[1:])), nil
}

// Trace is what one node of the model on the board computed.
type Trace struct {
	Node   int    // its index in the lowered graph
	Hash   uint32 // FNV-1a of its first output, or of the row of it that is the next
	Cycles uint64 // by the board's own count; 0 where it has none
}

// Traces runs the model once, and returns what its nodes computed. The firmware must have been built to tell.
func (c *Client) Traces() ([]Trace, error) {
	var all []Trace
	answer, err := c.ask('T', nil, runTime)
	for err == nil && len(answer) == 10 {
		all = append(all, Trace{
			Node: int(binary.LittleEndian.Uint16(answer)), Hash: binary.LittleEndian.Uint32(answer[2:]),
			Cycles: uint64(binary.LittleEndian.Uint32(answer[6:])),
		})
		_, answer, err = c.answer(time.After(runTime))
	}
	if errors.Is(err, errUnknown) {
		return nil, errors.New("the board's firmware does not tell what its layers compute; deepgo flash --layers makes one that does")
	}
	if err != nil {
		return nil, fmt.Errorf("tracing the model: %w", err)
	}
	return all, nil
}

// Output reads an output of n bytes.
func (c *Client) Output(output, n int) ([]byte, error) {
	var data []byte
	for at := 0; at < n; at += c.chunk {
		payload := binary.LittleEndian.AppendUint32([]byte{byte(output)}, uint32(at))
		payload = binary.LittleEndian.AppendUint16(payload, uint16(min(c.chunk, n-at)))
		part, err := c.ask('O', payload, answerTime)
		if err != nil {
			return nil, fmt.Errorf("reading output %d: %w", output, err)
		}
		data = append(data, part...)
	}
	if len(data) != n {
		return nil, fmt.Errorf("output %d: %d bytes, expected %d", output, len(data), n)
	}
	return data, nil
}

var (
	errSilent = errors.New("no answer")
	errLost   = errors.New("the connection was lost")

	errUnknown = errors.New("the firmware does not know the request")
)

// refusals are the reasons in an E frame.
var refusals = map[byte]error{1: errors.New("the request was damaged on its way"), 2: errUnknown, 3: errors.New("the request is out of range")}

// ask sends a request and returns the payload of the answer.
func (c *Client) ask(kind byte, payload []byte, limit time.Duration) ([]byte, error) {
	for len(c.bytes) > 0 {
		<-c.bytes // what is left of an earlier answer
	}
	frame := append([]byte{start, kind}, binary.LittleEndian.AppendUint16(nil, uint16(len(payload)))...)
	frame = append(frame, payload...)
	frame = binary.LittleEndian.AppendUint16(frame, checksum(frame[1:]))
	if _, err := c.port.Write(frame); err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	got, answer, err := c.answer(time.After(limit))
	switch {
	case err != nil:
		return nil, err
	case got == 'E' && len(answer) == 1:
		return nil, fmt.Errorf("refused: %w", refusals[answer[0]])
	case got != kind:
		return nil, fmt.Errorf("an answer to another request")
	}
	return answer, nil
}

// answer reads the next whole frame.
func (c *Client) answer(limit <-chan time.Time) (kind byte, payload []byte, err error) {
	take := func(n int) []byte {
		var b []byte
		for err == nil && len(b) < n {
			select {
			case v := <-c.bytes:
				b = append(b, v)
			case e := <-c.lost:
				c.lost <- e
				err = fmt.Errorf("%w: %w", errLost, e)
			case <-limit:
				err = errSilent
			}
		}
		return b
	}
	for {
		if b := take(1); err != nil || b[0] == start {
			break
		}
	}
	head := take(3)
	if err != nil {
		return 0, nil, err
	}
	n := int(binary.LittleEndian.Uint16(head[1:]))
	body := take(n + 2)
	if err != nil {
		return 0, nil, err
	}
	if !bytes.Equal(binary.LittleEndian.AppendUint16(nil, checksum(append(head, body[:n]...))), body[n:]) {
		return 0, nil, errors.New("the answer was damaged on its way")
	}
	return head[0], body[:n], nil
}

// checksum is CRC-16/CCITT-FALSE.
func checksum(data []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range data {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
