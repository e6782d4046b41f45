/** The kinds of devices, by the name that `--device` takes; loaded when asked for. */
import type { BackEnd } from "./device.ts"

export const BACK_ENDS: Record<string, () => Promise<BackEnd>> = {
    sim: async () => (await import("./backends/sim.ts")).sim,
    rp2040js: async () => (await import("./backends/rp2040js.ts")).rp2040js,
    serial: async () => (await import("./backends/serial.ts")).serial,
}
