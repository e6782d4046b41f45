import { readSetting } from "@devicescript/settings"
import { Dialect } from "../../src/net/cellular/dialect"
import { quectel } from "../../src/net/cellular/quectel"
import { simcom } from "../../src/net/cellular/simcom"

/** That of the modem which the simulator was started with; a board's program carries only the one of devs.json. */
export async function simDialect(): Promise<Dialect> {
    const modem = await readSetting("MODEM", "simcom")
    return modem === "quectel" ? quectel : simcom
}
