/** The modem is no longer as it was, and does not say so. */
import type { Scenario } from "../scenario.ts"

export const CELLULAR: Scenario[] = [
    {
        name: "modem-restarts",
        what: "The modem starts again by itself, twice, and says nothing of it, then half a line: the board finds out, brings it up, and comes back.",
        bends: "modem",
        settings: { INTERVAL: 50 },
        deadline: 120,
        async steps({ device, models, fault }) {
            const modem = models().modem!
            await device.expect(/^right 5 /)
            const silent = fault("modem restarts in silence")
            modem.restart([])
            await device.expect(/^open 2$/, 40_000)
            silent()
            await device.expect(/^right /)
            const garbled = fault("modem restarts with half a line")
            modem.restart(["\xff*ATREA"])
            await device.expect(/^open 3$/, 40_000)
            garbled()
        },
        expect: { connections: 3, lost: [0, 2] },
    },
    {
        name: "context-lost",
        what: "The network closes the modem's context, of which the modem says nothing; then again, and the modem takes it for open: the board asks, and has it opened again.",
        bends: "modem",
        settings: { INTERVAL: 50 },
        deadline: 120,
        async steps({ device, models, fault }) {
            const modem = models().modem!
            await device.expect(/^right 5 /)
            const closed = fault("context closed in silence")
            modem.loseSilently("closed")
            await device.expect(/^open 2$/, 40_000)
            closed()
            await device.expect(/^right /)
            const stale = fault("context closed, modem believes it open")
            modem.loseSilently("stale")
            await device.expect(/^open 3$/, 60_000)
            stale()
        },
        expect: { connections: 3, lost: [0, 2] },
    },
]
