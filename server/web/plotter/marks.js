/** How lines are told apart that lie on each other, or for who sees their colours alike. */

/** Dashes of a line, in pixels: what lies below shows in their gaps. The page's style has the same for the list. */
const DASHES = [[], [9, 4], [2.5, 3.5], [9, 3, 2.5, 3]]

export const MARKS = DASHES.length

/** @param {number} mark */
export function dashOf(mark) {
    return DASHES[mark]
}

/** Half the size of a point, in pixels. */
export const RADIUS = 3

/** Circle, square, triangle, diamond: corners around the middle, where there are any. */
const CORNERS = [
    [],
    [
        [-0.85, -0.85],
        [0.85, -0.85],
        [0.85, 0.85],
        [-0.85, 0.85],
    ],
    [
        [0, -1.15],
        [1.1, 0.85],
        [-1.1, 0.85],
    ],
    [
        [0, -1.25],
        [1.25, 0],
        [0, 1.25],
        [-1.25, 0],
    ],
]

/** The others are outlines, through which one sees what lies below. */
export const isFilled = (/** @type {number} */ mark) => mark === 0

/**
 * Adds a point to a path.
 * @param {Path2D} path
 * @param {number} mark
 * @param {number} x
 * @param {number} y
 */
export function addMark(path, mark, x, y) {
    const radius = RADIUS * devicePixelRatio
    const corners = CORNERS[mark]
    if (corners.length === 0) {
        path.moveTo(x + radius, y)
        path.arc(x, y, radius, 0, 2 * Math.PI)
        return
    }
    const [first, ...others] = corners
    path.moveTo(x + first[0] * radius, y + first[1] * radius)
    for (const [dx, dy] of others) path.lineTo(x + dx * radius, y + dy * radius)
    path.closePath()
}
