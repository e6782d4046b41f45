/** The client of `stream-client.ts` over TLS by a pre-shared key, on the board's own socket. */
import { readSetting } from "@devicescript/settings"
import { dialNative } from "../../src/net/native"
import { tls } from "../../src/net/tls/tls"
import { runClient } from "./stream-client"

const identity = await readSetting("identity", "kitchen")
const key = Buffer.from(await readSetting("key", ""), "hex")
await runClient(tls(dialNative, { identity, key }))
