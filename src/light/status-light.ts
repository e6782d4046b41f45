import { Control, isSimulator } from "@devicescript/core"
import { sleep } from "../fiber/clock"
import { notify, Signal, wait } from "../fiber/signal"
import { asSent, DARK } from "./color"

/** After 2 s the firmware shows its own state again (jacdac-c, jd_status_light.c). */
const REFRESH = 1000
/** Changes that follow faster cannot be seen, and the VM throttles its packets. */
const SHORTEST = 100

export interface StatusLightOptions {
    /** The light takes green before red: a WS2812 on an ESP32, `"led": { "type": 1 }` in the board's definition. */
    isGreenFirst?: boolean
}

/** The board's status light. It has a fiber of its own: it delays nobody. */
export class StatusLight {
    private wanted = DARK
    private on = true
    private readonly changed = new Signal()
    // as @devicescript/runtime has it, of which every program would carry functions that run when it starts
    private readonly control = new Control("control[int:0]")

    constructor(private readonly options: StatusLightOptions = {}) {
        this.run.start()
    }

    /** @param color `0xRRGGBB`; a light of one colour is on or off */
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
        const isGreenFirst = this.options.isGreenFirst && !isSimulator()
        while (this.on) {
            const shown = this.wanted
            await this.show(asSent(shown, isGreenFirst))
            await sleep(SHORTEST)
            if (this.on && this.wanted === shown)
                await wait(this.changed, REFRESH - SHORTEST)
        }
        await this.show(DARK)
    }

    private async show(color: number) {
        const red = color >> 16
        const green = (color >> 8) & 0xff
        await this.control.setStatusLight(red, green, color & 0xff, 0)
    }
}
