# Decodes a UF2 file by the format's description (github.com/microsoft/uf2): uf2.py FILE ORIGIN FAMILY OUT
import struct
import sys

data, origin, family = open(sys.argv[1], "rb").read(), int(sys.argv[2]), int(sys.argv[3], 0)
assert len(data) % 512 == 0
image = b""
for i in range(0, len(data), 512):
    magic0, magic1, flags, address, size, number, total, fam = struct.unpack("<8I", data[i:i + 32])
    assert (magic0, magic1, struct.unpack("<I", data[i + 508:i + 512])[0]) == (0x0A324655, 0x9E5D5157, 0x0AB16F30)
    assert flags & 0x2000 and fam == family and number == i // 512 and total == len(data) // 512
    assert address == origin + len(image) and size <= 476
    image += data[i + 32:i + 32 + size]
open(sys.argv[4], "wb").write(image)
