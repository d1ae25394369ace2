/* Answers a host that runs the model by serial port: docs/protocol.md describes the frames. It allocates nothing.
 * model.h is made for the model: INPUTS, OUTPUTS, their buffers, and run_model. */
#include "board.h"
#include "model.h"

enum { START = 0xD9, HEADER = 4, CHUNK = 64, VERSION = 1 };

/* Why a request was refused. */
enum { BAD_CRC = 1, BAD_TYPE = 2, BAD_RANGE = 3 };

static uint16_t crc;

/* add adds a byte to a CRC-16/CCITT-FALSE: polynomial 0x1021, first value 0xFFFF. */
static void add(uint8_t byte)
{
    crc = (uint16_t)(crc ^ (uint16_t)byte << 8);
    for (int i = 0; i < 8; i++) {
        crc = (uint16_t)(crc & 0x8000 ? (uint16_t)(crc << 1) ^ 0x1021 : crc << 1);
    }
}

static void put(uint8_t byte)
{
    add(byte);
    board_put(byte);
}

static void put16(uint16_t v)
{
    put((uint8_t)v);
    put((uint8_t)(v >> 8));
}

static void put32(uint32_t v)
{
    put16((uint16_t)v);
    put16((uint16_t)(v >> 16));
}

static void begin(char type, uint16_t len)
{
    board_put(START);
    crc = 0xFFFF;
    put((uint8_t)type);
    put16(len);
}

static void end(void)
{
    const uint16_t sum = crc;
    board_put((uint8_t)sum);
    board_put((uint8_t)(sum >> 8));
    board_flush();
}

static void refuse(uint8_t why)
{
    begin('E', 1);
    put(why);
    end();
}

static void info(void)
{
    uint16_t name = 0;
    while (model_name[name] != 0) {
        name++;
    }
    begin('I', (uint16_t)(15 + name + 5 * (INPUTS + OUTPUTS)));
    put(VERSION);
    put16(CHUNK);
    put32(MODEL_CLOCK_HZ);
    put32(ARENA_BYTES);
    put(INPUTS);
    put(OUTPUTS);
    for (int i = 0; i < INPUTS + OUTPUTS; i++) {
        put(ports[i].dtype);
        put32(ports[i].bytes);
    }
    put16(name);
    for (uint16_t i = 0; i < name; i++) {
        put((uint8_t)model_name[i]);
    }
    end();
}

static uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

/* place returns where n bytes at an offset of a port are, or a null pointer where they are not inside it. */
static uint8_t *place(uint8_t port, uint32_t offset, uint16_t n)
{
    if (port >= INPUTS + OUTPUTS || offset > ports[port].bytes || n > ports[port].bytes - offset) {
        return 0;
    }
    return (uint8_t *)ports[port].data + offset;
}

/* load is: input, offset, bytes. */
static void load(const uint8_t *p, uint16_t len)
{
    uint8_t *to = len >= 5 && p[0] < INPUTS ? place(p[0], get32(p + 1), (uint16_t)(len - 5)) : 0;
    if (to == 0) {
        refuse(BAD_RANGE);
        return;
    }
    for (uint16_t i = 5; i < len; i++) {
        *to++ = p[i];
    }
    begin('L', 0);
    end();
}

static void run(void)
{
    board_count_start();
    const int code = run_model();
    const uint32_t cycles = board_count_stop();
    begin('R', 5);
    put((uint8_t)code);
    put32(cycles);
    end();
}

#ifdef DG_TRACE
static int tracing;

/* dg_trace sends a node's number, the FNV-1a hash of its output, and its cycles; the model calls it behind each node, or behind each
 * row of a node that runs row by row. */
void dg_trace(int node, const void *output, uint32_t bytes)
{
    if (!tracing) {
        return;
    }
    const uint32_t cycles = board_count_stop();
    const uint8_t *b = (const uint8_t *)output;
    uint32_t hash = 2166136261u;
    while (bytes-- > 0) {
        hash = (hash ^ *b++) * 16777619u;
    }
    begin('T', 10);
    put16((uint16_t)node);
    put32(hash);
    put32(cycles);
    end();
    board_count_start();
}

/* trace runs the model, and sends a frame for each call of dg_trace; the frame without payload is the last. */
static void trace(void)
{
    tracing = 1;
    board_count_start();
    (void)run_model();
    tracing = 0;
    begin('T', 0);
    end();
}
#endif

/* output is: output, offset, number of bytes. */
static void output(const uint8_t *p, uint16_t len)
{
    const uint16_t n = len == 7 ? (uint16_t)(p[5] | p[6] << 8) : 0;
    const uint8_t *from = len == 7 && n <= CHUNK ? place((uint8_t)(INPUTS + p[0]), get32(p + 1), n) : 0;
    if (from == 0) {
        refuse(BAD_RANGE);
        return;
    }
    begin('O', n);
    for (uint16_t i = 0; i < n; i++) {
        put(from[i]);
    }
    end();
}

static void answer(char type, const uint8_t *p, uint16_t len)
{
    switch (type) {
    case 'I': info(); break;
    case 'L': load(p, len); break;
    case 'R': run(); break;
    case 'O': output(p, len); break;
#ifdef DG_TRACE
    case 'T': trace(); break;
#endif
    default: refuse(BAD_TYPE);
    }
}

/* frame reads one frame behind its start byte, and answers it; it returns 0 when the host is gone. */
static int frame(void)
{
    static uint8_t buffer[CHUNK + 8];
    uint8_t head[HEADER - 1];
    crc = 0xFFFF;
    for (int i = 0; i < HEADER - 1; i++) {
        const int c = board_get();
        if (c < 0) {
            return 0;
        }
        head[i] = (uint8_t)c;
        add(head[i]);
    }
    const uint16_t len = (uint16_t)(head[1] | head[2] << 8);
    if (len > sizeof buffer) {
        refuse(BAD_RANGE);
        return 1;
    }
    for (uint16_t i = 0; i < len; i++) {
        const int c = board_get();
        if (c < 0) {
            return 0;
        }
        buffer[i] = (uint8_t)c;
        add(buffer[i]);
    }
    const uint16_t want = crc;
    const int low = board_get(), high = board_get();
    if (low < 0 || high < 0) {
        return 0;
    }
    if ((low | high << 8) != want) {
        refuse(BAD_CRC);
        return 1;
    }
    answer((char)head[0], buffer, len);
    return 1;
}

int main(void)
{
    int c;
    board_init();
    while ((c = board_get()) >= 0) {
        if (c == START && !frame()) {
            break;
        }
    }
    return 0;
}
