import { Dial } from "../stream"
import { Ethernet, EthernetOptions } from "./interface"

/**
 * Dials over a W5500. The chip is started by the first call; one interface serves up to eight connections at once.
 * `wss://` is refused: there is no TLS for it.
 */
export function dialEthernet(options: EthernetOptions): Dial {
    let ethernet: Ethernet
    return async address => {
        if (!ethernet) ethernet = new Ethernet(options)
        return await ethernet.dial(address)
    }
}
