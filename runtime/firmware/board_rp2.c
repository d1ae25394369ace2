/* board_rp2.c: Raspberry Pi's RP2040 and RP2350 (data sheets, boot, clocks, PLL, resets, IO and UART): UART0 on GPIO 0 and 1, the
 * system clock from the PLL. BOARD_RP2350 chooses; its boot ROM wants an image definition where RP2040's wants a second stage. */
#define BOARD_UART_HZ 12000000u /* the crystal */
#define BOARD_UART_CR 0u
#include "board.h"
#ifdef BOARD_RP2350
#define BOARD_UART 0x40070000u
enum { CLOCKS = 0x40010000, RESETS = 0x40020000, IO = 0x40028000, PADS = 0x40038000, XOSC = 0x40048000, PLL = 0x40050000 };
enum { RESET_BITS = 1 << 26 | 1 << 14 | 1 << 9 | 1 << 6, POST1 = 5 }; /* UART 0, PLL, pads, IO; 1,500 MHz / 5 / 2 */
#include "cycles_dwt.h"
#else
#define BOARD_UART 0x40034000u
enum { CLOCKS = 0x40008000, RESETS = 0x4000C000, IO = 0x40014000, PADS = 0x4001C000, XOSC = 0x40024000, PLL = 0x40028000 };
enum { RESET_BITS = 1 << 22 | 1 << 12 | 1 << 8 | 1 << 5, POST1 = 6 }; /* UART 0, PLL, pads, IO; 1,500 MHz / 6 / 2 */
#include "cycles_systick.h"
#endif
#include "pl011.h"

#ifdef BOARD_RP2350
/* The smallest image definition: an Arm program for RP2350, in secure state, in a loop of one block. */
__attribute__((section(".boot_block"), used)) static const uint32_t image_def[] = { 0xFFFFDED3, 0x10210142, 0x000001FF, 0, 0xAB123579 };
#else
/* The second stage: the boot ROM copies these 256 bytes from flash and runs them. They let the flash be read in place, by the plain
 * read command 03h, which every flash chip has, at a fourth of the system clock; then they start the program by its vector table.
 * The last word is the CRC-32 of the others (polynomial 0x04C11DB7, first value all ones, not reflected), which a test computes. */
__asm__(".pushsection .boot, \"ax\"\n"
        ".syntax unified\n"
        ".thumb\n"
        "    ldr r0, =0x18000000\n"      /* SSI */
        "    movs r1, #0\n"
        "    str r1, [r0, #0x08]\n"      /* SSIENR: off while it is set up */
        "    movs r2, #4\n"
        "    str r2, [r0, #0x14]\n"      /* BAUDR */
        "    ldr r2, =0x001F0300\n"      /* one data line, frames of 32 bits, a read behind command and address */
        "    str r2, [r0, #0x00]\n"      /* CTRLR0 */
        "    str r1, [r0, #0x04]\n"      /* CTRLR1: one frame a read */
        "    ldr r2, =0x03000218\n"      /* command 03h of 8 bits, addresses of 24 */
        "    ldr r3, =0x180000F4\n"
        "    str r2, [r3, #0]\n"         /* SPI_CTRLR0 */
        "    movs r1, #1\n"
        "    str r1, [r0, #0x08]\n"
        "    ldr r0, =0x10000100\n"      /* the vector table, behind these bytes */
        "    ldr r1, =0xE000ED08\n"
        "    str r0, [r1, #0]\n"         /* VTOR */
        "    ldmia r0!, {r1, r2}\n"
        "    msr msp, r1\n"
        "    bx r2\n"
        "    .ltorg\n"
        "    .org 252\n"
        "    .word 0xE0035217\n"
        ".popsection\n");
#endif

static void clocks(void)
{
    R32(XOSC + 0x0Cu) = 47;                     /* STARTUP: 1 ms */
    R32(XOSC + 0x00u) = 0xFABu << 12 | 0xAA0;   /* CTRL: enabled, 1 to 15 MHz */
    while (!(R32(XOSC + 0x04u) >> 31)) {        /* STATUS: stable */
    }
    R32(CLOCKS + 0x3Cu) &= ~1u;                 /* CLK_SYS_CTRL: from CLK_REF while the PLL is set up */
    while (!(R32(CLOCKS + 0x44u) & 1u)) {
    }
    R32(CLOCKS + 0x30u) = 2;                    /* CLK_REF_CTRL: the crystal */
    while (!(R32(CLOCKS + 0x38u) & 4u)) {
    }
    R32(PLL + 0x00u) = 1;                       /* CS: the crystal, not divided */
    R32(PLL + 0x08u) = 125;                     /* FBDIV_INT: 1,500 MHz */
    R32(PLL + 0x04u) &= ~(1u << 5 | 1u);        /* PWR: VCO and PLL on */
    while (!(R32(PLL + 0x00u) >> 31)) {         /* locked */
    }
    R32(PLL + 0x0Cu) = (uint32_t)POST1 << 16 | 2u << 12; /* PRIM: the post dividers */
    R32(PLL + 0x04u) &= ~(1u << 3);             /* and on */
    R32(CLOCKS + 0x3Cu) = 0;                    /* the auxiliary source is the PLL */
    R32(CLOCKS + 0x3Cu) = 1;
    while (!(R32(CLOCKS + 0x44u) & 2u)) {
    }
    R32(CLOCKS + 0x48u) = 1u << 11 | 4u << 5;   /* CLK_PERI_CTRL: the crystal */
}

void board_init(void)
{
    R32(RESETS + 0x3000u) = RESET_BITS;         /* the address that clears bits */
    while ((R32(RESETS + 0x08u) & RESET_BITS) != RESET_BITS) {
    }
    clocks();
    for (uint32_t pin = 0; pin < 2; pin++) {
        R32(PADS + 4u + 4 * pin) = 1u << 6 | 1u << 4 | 1u << 1; /* input on, 4 mA, Schmitt trigger; on RP2350, no isolation */
        R32(IO + 4u + 8 * pin) = 2;             /* the UART */
    }
    uart_on();
}
