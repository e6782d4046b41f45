import { joinWifi } from "../config"
import { dialNative } from "../../net/native"
import { Dial } from "../../net/stream"

/** The board's own Wi-Fi. */
export async function start(): Promise<Dial> {
    joinWifi.start()
    return dialNative
}
