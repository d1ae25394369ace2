/* An Arduino Uno: simavr's ATmega328P with a boot loader in its flash, its serial port behind a pseudo terminal, whose name is
 * printed. usage: simuno BOOTLOADER.hex. It runs until it is killed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_hex.h>
#include <simavr/sim_irq.h>

static int terminal;
static int ready = 1; /* the UART takes another byte */

static void on_output(avr_irq_t *irq, uint32_t value, void *param)
{
    const uint8_t byte = (uint8_t)value;
    (void)irq;
    (void)param;
    if (write(terminal, &byte, 1) != 1 && errno != EIO) { /* EIO: nobody has the terminal open */
        exit(1);
    }
}

static void on_xon(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)value;
    (void)param;
    ready = 1;
}

static void on_xoff(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)value;
    (void)param;
    ready = 0;
}

static int open_terminal(void)
{
    struct termios t;
    const int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0) {
        return -1;
    }
    const int other = open(ptsname(fd), O_RDWR | O_NOCTTY);
    if (other < 0 || tcgetattr(other, &t) != 0) {
        return -1;
    }
    cfmakeraw(&t);
    tcsetattr(other, TCSANOW, &t);
    close(other);
    puts(ptsname(fd));
    fflush(stdout);
    return fd;
}

/* wait_for lets real time catch up with the simulated one: the boot loader waits for a second, and the programmer sleeps. */
static void wait_for(const avr_t *avr, const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double ahead = (double)avr->cycle / 16e6 - (double)(now.tv_sec - start->tv_sec) - 1e-9 * (double)(now.tv_nsec - start->tv_nsec);
    if (ahead > 0) {
        usleep((useconds_t)(1e6 * ahead));
    }
}

/* press is the reset button: the boot loader listens. */
static void press(avr_t *avr)
{
    avr_reset(avr);
    avr_regbit_set(avr, avr->reset_flags.extrf);
    ready = 1;
}

int main(int argc, char **argv)
{
    uint32_t size, base, flags = 0;
    uint8_t *boot = argc == 2 ? read_ihex_file(argv[1], &size, &base) : NULL;
    avr_t *avr = avr_make_mcu_by_name("atmega328p");
    if (boot == NULL || avr == NULL || (terminal = open_terminal()) < 0) {
        return 1;
    }
    avr_init(avr);
    avr->frequency = 16000000;
    avr->log = LOG_NONE;
    memcpy(avr->flash + base, boot, size);
    avr->reset_pc = base;
    press(avr);
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_t *input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_output, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_xon, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_xoff, NULL);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int open = 0;
    for (avr_cycle_count_t next_byte = 0, next_wait = 0;;) {
        uint8_t byte;
        avr_run(avr);
        if (avr->cycle >= next_wait) {
            wait_for(avr, &start);
            next_wait = avr->cycle + 16000;
        }
        if (!ready || avr->cycle < next_byte) {
            continue;
        }
        next_byte = avr->cycle + 1500; /* not faster than 115200 baud */
        const ssize_t n = read(terminal, &byte, 1);
        const int was = open;
        open = n == 1 || errno != EIO;
        if (open && !was) {
            press(avr); /* a real Uno's DTR line does that when its port is opened */
        }
        if (n == 1) {
            avr_raise_irq(input, byte);
        }
    }
}
