/* dg_boxes.h: rectangles. */
#ifndef DG_BOXES_H
#define DG_BOXES_H

#include "dg.h"

/* dg_box is a rectangle, its lower sides before its upper ones. */
typedef struct {
    float y0, x0, y1, x1;
} dg_box;

/* dg_box_of makes one of two corners y, x, y, x, or of a center and sizes x, y, width, height. */
DG_INLINE dg_box dg_box_of(float a, float b, float c, float d, int center)
{
    dg_box r;
    if (center) {
        r.y0 = b - d * 0.5f;
        r.x0 = a - c * 0.5f;
        r.y1 = b + d * 0.5f;
        r.x1 = a + c * 0.5f;
    } else {
        r.y0 = a < c ? a : c;
        r.x0 = b < d ? b : d;
        r.y1 = a < c ? c : a;
        r.x1 = b < d ? d : b;
    }
    return r;
}

/* dg_box_overlap is the area that two boxes share, as a part of what they cover together. */
DG_INLINE float dg_box_overlap(const dg_box *a, dg_box b)
{
    const float h = (a->y1 < b.y1 ? a->y1 : b.y1) - (a->y0 > b.y0 ? a->y0 : b.y0);
    const float w = (a->x1 < b.x1 ? a->x1 : b.x1) - (a->x0 > b.x0 ? a->x0 : b.x0);
    const float own = (a->y1 - a->y0) * (a->x1 - a->x0), other = (b.y1 - b.y0) * (b.x1 - b.x0);
    if (!(h > 0.0f && w > 0.0f && own > 0.0f && other > 0.0f)) {
        return 0.0f;
    }
    return h * w / (own + other - h * w);
}

#endif
