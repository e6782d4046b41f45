import { testPrograms } from "./device-programs.ts"

testPrograms("networks")
