/** @typedef {import("./chart.js").Chart} Chart */

/**
 * What a hand does with the plot.
 * @typedef {{
 *     isPanning: () => boolean
 *     pan: (dx: number, dy: number) => void
 *     zoom: (factor: number, x?: number, y?: number) => void
 *     fit: () => void
 * }} Moves `pan` by units of x and y; `zoom` to `factor` of what is seen, around x and y or the middle
 */

/** How much of what is seen a key or a notch of the wheel moves, and zooms. */
const STEP = 0.15
const ZOOM = 0.7

/**
 * Moves the plot by mouse, touch, wheel and keyboard. Dragging with the mouse selects, which the chart does itself,
 * unless it is to pan.
 * @param {HTMLElement} host takes the keyboard
 * @param {Chart} chart
 * @param {Moves} moves
 * @param {(fraction: number, up: number) => void} panPart by a part of what is seen
 */
export function bindGestures(host, chart, moves, panPart) {
    /** @type {Map<number, PointerEvent>} */
    const fingers = new Map()
    host.addEventListener(
        "mousedown",
        event => {
            // before uPlot, which would start to select
            if (takesMouse(event, moves)) event.stopPropagation()
        },
        true
    )
    host.addEventListener("pointerdown", event => {
        const isOn = chart.surface?.contains(/** @type {Node} */ (event.target))
        if (!isOn) return
        if (event.pointerType !== "touch" && !takesMouse(event, moves)) return
        fingers.set(event.pointerId, event)
        host.setPointerCapture(event.pointerId)
    })
    host.addEventListener("pointermove", event => {
        const before = fingers.get(event.pointerId)
        if (!before) return
        const others = [...fingers.values()].filter(other => other !== before)
        if (others.length > 0) pinch(others[0], before, event)
        else drag(before, event)
        fingers.set(event.pointerId, event)
    })
    for (const type of /** @type {const} */ (["pointerup", "pointercancel"]))
        host.addEventListener(type, event => fingers.delete(event.pointerId))
    host.addEventListener("dblclick", () => moves.fit())
    host.addEventListener(
        "wheel",
        event => {
            if (!event.ctrlKey && !event.metaKey) return
            event.preventDefault()
            const { x, y } = chart.at(event)
            moves.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, x, y)
        },
        { passive: false }
    )
    host.addEventListener("keydown", event => {
        const key = keys[event.key]
        if (!key || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        key()
    })

    /** @type {Record<string, () => void>} */
    const keys = {
        ArrowLeft: () => panPart(-STEP, 0),
        ArrowRight: () => panPart(STEP, 0),
        ArrowUp: () => panPart(0, STEP),
        ArrowDown: () => panPart(0, -STEP),
        "+": () => moves.zoom(ZOOM),
        "=": () => moves.zoom(ZOOM),
        "-": () => moves.zoom(1 / ZOOM),
        0: () => moves.fit(),
    }

    /**
     * @param {PointerEvent} before
     * @param {PointerEvent} now
     */
    function drag(before, now) {
        const from = chart.at(before)
        const to = chart.at(now)
        moves.pan(from.x - to.x, from.y - to.y)
    }

    /**
     * @param {PointerEvent} still
     * @param {PointerEvent} before
     * @param {PointerEvent} now
     */
    function pinch(still, before, now) {
        const far = Math.max(distance(still, now), 1)
        const { x, y } = chart.at(still)
        moves.zoom(distance(still, before) / far, x, y)
    }
}

/**
 * @param {MouseEvent} event
 * @param {Moves} moves
 */
function takesMouse(event, moves) {
    return event.button === 0 && (moves.isPanning() || event.shiftKey)
}

/**
 * @param {PointerEvent} one
 * @param {PointerEvent} other
 */
function distance(one, other) {
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)
}
