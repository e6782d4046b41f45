import { readWifi } from "../config"
import { dialNative } from "../../net/native"
import { Dial } from "../../net/stream"
import { joinWifi } from "../../net/wifi"

/** The board's own Wi-Fi; without a setting for it, the network that the board knows from before. */
export async function start(): Promise<Dial> {
    const { ssid, password } = await readWifi()
    if (ssid) joinWifi(ssid, password)
    return dialNative
}
