import { isSimulator } from "@devicescript/core"
import { setStatusLight } from "@devicescript/runtime"
import { asSent, DARK } from "./color"
import { isGreenFirst } from "./config.generated"
import { sleep } from "../fiber/clock"
import { notify, Signal, wait } from "../fiber/signal"

/** After 2 s the firmware shows its own state again (jacdac-c, jd_status_light.c). */
const REFRESH = 1000
/** Changes that follow faster cannot be seen, and the VM throttles its packets. */
const SHORTEST = 100

/** The board's status light. It has a fiber of its own: it delays nobody. */
export class StatusLight {
    private wanted = DARK
    private on = true
    private readonly changed = new Signal()

    constructor() {
        this.run.start()
    }

    set(color: number) {
        if (color === this.wanted) return
        this.wanted = color
        notify(this.changed)
    }

    /** Leaves the light to the firmware. */
    stop() {
        this.on = false
        this.set(DARK)
    }

    private async run() {
        while (this.on) {
            const shown = this.wanted
            await setStatusLight(asSent(shown, isGreenFirst && !isSimulator()))
            await sleep(SHORTEST)
            if (this.on && this.wanted === shown)
                await wait(this.changed, REFRESH - SHORTEST)
        }
        await setStatusLight(DARK)
    }
}
