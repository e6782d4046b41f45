// npm run hil -- --scenario test/hil/examples/brown-out.ts
import type { Scenario } from "../scenario.ts"

const brownOut: Scenario = {
    name: "brown-out",
    what: "The board is reset twice, over a link with 20 ms of latency.",
    settings: { COUNT: 5, INTERVAL: 50 },
    deadline: 30,
    prepare: ({ link }) => link.bend({ latency: 20 }),
    async steps({ device }) {
        for (let k = 0; k < 2; k++) {
            await device.expect(/^right 3 /)
            await device.reset()
        }
    },
    expect: { connections: 3 },
}

export default brownOut
