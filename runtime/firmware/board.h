/* board.h: what the firmware needs of a board; one file per kind of board implements it. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>

void board_init(void);          /* clocks and serial port */
int board_get(void);            /* the next byte from the host; waits. -1: the host is gone */
void board_put(uint8_t byte);
void board_flush(void);         /* what was put is on its way */
void board_count_start(void);
uint32_t board_count_stop(void); /* cycles since board_count_start, where the board counts them; or 0 */
#endif
