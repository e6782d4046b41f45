import { start } from "../../../src/app/networks/cellular"
import { runSizes } from "./sizes"

await runSizes(await start())
