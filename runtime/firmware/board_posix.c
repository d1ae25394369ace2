/* board_posix.c: a board with an operating system talks by standard input and output, as a program does under ssh. */
#include <stdio.h>

#include "board.h"

void board_init(void) {}
int board_get(void) { return getchar(); }
void board_put(uint8_t byte) { putchar(byte); }
void board_flush(void) { fflush(stdout); }
void board_count_start(void) {}
uint32_t board_count_stop(void) { return 0; }
