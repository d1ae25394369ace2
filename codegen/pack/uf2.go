package pack

import "encoding/binary"

// UF2 returns an image in Microsoft's USB Flashing Format: blocks of 512 bytes, each with 256 bytes for the address that it
// names (github.com/microsoft/uf2).
func UF2(image []byte, origin, family uint32) []byte {
	const payload, block = 256, 512
	blocks := (len(image) + payload - 1) / payload
	out := make([]byte, blocks*block)
	for i := range blocks {
		b := out[i*block:]
		for j, word := range []uint32{0x0A324655, 0x9E5D5157, 0x2000 /* family given */, origin + uint32(i*payload), payload, uint32(i), uint32(blocks), family} {
			binary.LittleEndian.PutUint32(b[4*j:], word)
		}
		copy(b[32:32+payload], image[i*payload:])
		binary.LittleEndian.PutUint32(b[block-4:], 0x0AB16F30)
	}
	return out
}
