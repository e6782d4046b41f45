/** The modem is no longer as it was, and does not say so. */
import type { Modem } from "../../../sim/chips/modem/modem.ts"
import type { Scenario } from "../scenario.ts"

/** @param faults one after the other; the board connects again after each */
function unspoken(
    name: string,
    what: string,
    faults: [name: string, bend: (modem: Modem) => void][]
): Scenario {
    return {
        name,
        what,
        bends: "modem",
        settings: { INTERVAL: 50 },
        deadline: 120,
        async steps({ device, models, fault }) {
            await device.expect(/^right 5 /)
            for (const [index, [name, bend]] of faults.entries()) {
                await device.expect(/^right /)
                const over = fault(name)
                bend(models().modem!)
                await device.expect(new RegExp(`^open ${index + 2}$`), 60_000)
                over()
            }
        },
        expect: { connections: 3, lost: [0, 2] },
    }
}

export const CELLULAR: Scenario[] = [
    unspoken(
        "modem-restarts",
        "The modem starts again by itself, twice, and says nothing of it, then half a line: the board finds out, brings it up, and comes back.",
        [
            ["modem restarts in silence", modem => modem.restart([])],
            [
                "modem restarts with half a line",
                modem => modem.restart(["\xff*ATREA"]),
            ],
        ]
    ),
    unspoken(
        "context-lost",
        "The network closes the modem's context, of which the modem says nothing; then again, and the modem takes it for open: the board asks, and has it opened again.",
        [
            [
                "context closed in silence",
                modem => modem.loseSilently("closed"),
            ],
            [
                "context closed, modem believes it open",
                modem => modem.loseSilently("stale"),
            ],
        ]
    ),
]
