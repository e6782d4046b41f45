import * as ds from "@devicescript/core"
import { setStatusLight } from "@devicescript/runtime"
import { Signal } from "../fiber/signal"

/** Colours, dim; a light of one colour is on or off. */
export const DARK = 0
export const GREEN = 0x001800
export const RED = 0x200000
export const BLUE = 0x000020

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
        this.changed.notify()
    }

    /** Leaves the light to the firmware. */
    stop() {
        this.on = false
        this.set(DARK)
    }

    private async run() {
        while (this.on) {
            const shown = this.wanted
            await setStatusLight(shown)
            await ds.sleep(SHORTEST)
            if (this.on && this.wanted === shown)
                await this.changed.wait(REFRESH - SHORTEST)
        }
        await setStatusLight(DARK)
    }
}
