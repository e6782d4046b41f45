import { startApp } from "./app/app"
import { readConfig } from "./app/config"
import { start } from "./app/networks/ethernet"
import { secure } from "./app/secure.generated"

const dial = await start()
const config = await readConfig()
await startApp({ dial: await secure(dial), ...config })
