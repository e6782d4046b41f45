import { startApp } from "./app"
import { readConfig } from "./config"
import { start } from "./networks/wifi"

const dial = await start()
const config = await readConfig()
await startApp({ dial, ...config })
