import { startApp } from "./app/app"
import { readConfig } from "./app/config"
import { start } from "./app/networks/ethernet"

const dial = await start()
const config = await readConfig()
await startApp({ dial, ...config })
