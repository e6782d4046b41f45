// the server has the package's module at this path
export { default } from "uplot"
