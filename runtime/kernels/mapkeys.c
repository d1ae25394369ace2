/* mapkeys: elements replaced by the values of their keys, the last of equal ones; others by one value.
 * x [N], keys and values [KEYS], other [1] in, y [N] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float XT;
typedef int64_t YT;
enum { N = 5, KEYS = 3 };
#define SAME(a, b) ((a) == (b))
#endif
static void mapkeys(const XT DG_MEM *DG_RESTRICT x, const XT DG_ROM *DG_RESTRICT keys, const YT DG_ROM *DG_RESTRICT values, const YT DG_ROM *DG_RESTRICT other, YT *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        const XT v = x[i];
        dg_idx k = KEYS;
        while (k > 0 && !SAME(v, keys[k - 1])) {
            k--;
        }
        y[i] = k > 0 ? values[k - 1] : other[0];
    }
}
