import { readPsk } from "./config"
import { Dial } from "../net/stream"
import { tls } from "../net/tls/tls"

/** Puts TLS by the pre-shared key of the settings over a network. */
export async function secure(dial: Dial): Promise<Dial> {
    return tls(dial, await readPsk())
}
