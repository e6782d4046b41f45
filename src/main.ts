import { startApp } from "./app"
import { joinWifi, readConfig } from "./config"
import { dialNative } from "./net/native"

joinWifi.start()
const config = await readConfig()
await startApp({ dial: dialNative, ...config })
