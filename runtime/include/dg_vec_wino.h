/* dg_vec_wino.h: convolution of three by three taps by Winograd's F(2x2, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", 2016): two by two outputs take 16 products instead of 36, all of them sums over channels alone. */
#ifndef DG_VEC_WINO_H
#define DG_VEC_WINO_H

#include "dg_vec.h"

/* dg_wino_line transforms four values in a line. */
DG_INLINE DG_ALWAYS void dg_wino_line(dg_vf *to, int step, dg_vf a, dg_vf b, dg_vf c, dg_vf d)
{
    to[0] = a - c;
    to[step] = b + c;
    to[2 * step] = c - b;
    to[3 * step] = b - d;
}

/* dg_wino_input transforms four by four pixels: column ix ... of each of four rows, `channels` values apart, of which `lanes` are read. Rows that
 * are NULL, and where `inside` is 0 columns beyond the iw that there are, count as 0. The 16 results are `next` values apart. */
DG_INLINE DG_ALWAYS void dg_wino_input(float *to, int32_t next, const void *const *rows, int32_t ix, int32_t iw, int inside, int32_t channels, int32_t c, int lanes)
{
    dg_vf lines[16], all[16];
    DG_WRITTEN_OUT
    for (int r = 0; r < 4; r++) {
        const float *row = (const float *)rows[r];
        dg_vf v[4];
        DG_WRITTEN_OUT
        for (int k = 0; k < 4; k++) {
            v[k] = inside || (row != NULL && ix + k >= 0 && ix + k < iw) ? dg_vload_part(row + (ix + k) * channels + c, lanes) : dg_vset(0.0f);
        }
        dg_wino_line(lines + 4 * r, 1, v[0], v[1], v[2], v[3]);
    }
    DG_WRITTEN_OUT
    for (int k = 0; k < 4; k++) {
        dg_wino_line(all + k, 4, lines[k], lines[4 + k], lines[8 + k], lines[12 + k]);
    }
    DG_WRITTEN_OUT
    for (int i = 0; i < 16; i++) {
        dg_vstore(to + i * next, all[i]);
    }
}

/* dg_wino_output makes two by two outputs of 16 sums that are `next` values apart. */
DG_INLINE DG_ALWAYS void dg_wino_output(dg_vf *to, const float *sums, int32_t next)
{
    dg_vf lines[8];
    DG_WRITTEN_OUT
    for (int k = 0; k < 4; k++) {
        const dg_vf a = dg_vload(sums + k * next), b = dg_vload(sums + (4 + k) * next), c = dg_vload(sums + (8 + k) * next), d = dg_vload(sums + (12 + k) * next);
        lines[k] = a + b + c;
        lines[4 + k] = b - c - d;
    }
    DG_WRITTEN_OUT
    for (int r = 0; r < 2; r++) {
        to[2 * r] = lines[4 * r] + lines[4 * r + 1] + lines[4 * r + 2];
        to[2 * r + 1] = lines[4 * r + 1] - lines[4 * r + 2] - lines[4 * r + 3];
    }
}

#endif
