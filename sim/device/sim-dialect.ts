import { readSetting } from "@devicescript/settings"
import { Dialect } from "../../src/net/cellular/dialect"
import { eg915u, quectel } from "../../src/net/cellular/quectel"
import { simcom } from "../../src/net/cellular/simcom"

/** That of the modem which the simulator was started with; a board's program carries only the one of devs.json. */
export async function simDialect(): Promise<Dialect> {
    const modem = await readSetting("MODEM", "simcom")
    if (modem === "simcom") return simcom()
    return modem === "eg915u" ? eg915u() : quectel()
}
