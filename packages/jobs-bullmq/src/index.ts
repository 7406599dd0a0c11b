export { isQueueAddress, parseQueueAddress, type QueueAccess, type QueuePlace } from "./address.ts";
export { type BullmqOptions, type BullmqParts, bullmq, createBullmq, openBullmq } from "./bullmq.ts";
