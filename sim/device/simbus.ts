import { sleep } from "@devicescript/core"
import { connect, Socket } from "@devicescript/net"
import { Signal } from "../../src/signal"
import { Bus } from "../../src/net/ethernet/bus"

/**
 * Takes the place of a board's SPI pins in the simulator: the program's one socket is a wire to the model of the chip.
 * Each write is one chip-selected transaction; a write of one byte sets RSTn.
 */
export function simBus(chip = "w5500"): Bus {
    const free = new Signal()
    let wire: Socket
    let busy = false

    async function enter() {
        while (busy) await free.wait()
        busy = true
        if (!wire) wire = await connect({ host: `sim:${chip}`, port: 1 })
    }

    function leave() {
        busy = false
        free.raise()
    }

    return {
        exchange: async data => {
            await enter()
            try {
                await wire.send(data)
                const answer = await wire.recv()
                data.blitAt(0, answer, 0, answer.length)
            } finally {
                leave()
            }
        },
        rest: async milliseconds => {
            await sleep(milliseconds)
        },
        setReset: async level => {
            await enter()
            try {
                await wire.send(Buffer.from([level ? 1 : 0]))
            } finally {
                leave()
            }
        },
    }
}
