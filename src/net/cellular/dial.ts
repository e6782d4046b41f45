import { Dial } from "../stream"
import { Cellular, CellularOptions } from "./interface"

/** Dials over a modem, which is started by the first call; one modem serves several connections at once, `wss://` too. */
export function dialCellular(options: CellularOptions): Dial {
    let cellular: Cellular
    return async address => {
        if (!cellular) cellular = new Cellular(options)
        return await cellular.dial(address)
    }
}
