/* trace.h: included before the model where its nodes are traced. */
#ifndef TRACE_H
#define TRACE_H
#ifndef __ASSEMBLER__ /* start-up code is compiled with the same flags */
#include <stdint.h>
void dg_trace(int node, const void *output, uint32_t bytes);
#define DG_TRACE(node, output, bytes) dg_trace(node, output, bytes)
#endif
#endif
