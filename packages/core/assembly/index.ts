export { gemm, gemmTree } from "./gemm";
