import { connect, Socket } from "@devicescript/net"
import { Signal } from "../../src/signal"
import { I2cBus } from "../../src/net/cellular/registers"

/** Takes the place of a board's I2C in the simulator: each write is one transaction with the model of the one chip. */
export function simI2c(chip: string): I2cBus {
    const free = new Signal()
    let wire: Socket
    let busy = false

    return {
        xfer: async (address, data, read = 0) => {
            while (busy) await free.wait()
            busy = true
            try {
                if (!wire)
                    wire = await connect({ host: `sim:${chip}`, port: 1 })
                await wire.send(Buffer.concat(Buffer.from([read]), data))
                const answer = await wire.recv()
                if (!answer[0]) throw new Error(`I2C error dev=${address}`)
                return answer.slice(1)
            } finally {
                busy = false
                free.raise()
            }
        },
    }
}
