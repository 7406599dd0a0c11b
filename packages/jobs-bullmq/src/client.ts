import { Redis, type RedisOptions } from "ioredis";

/** `Redis` without its own timer, which is private. */
interface Timed {
  socketTimeoutTimer?: NodeJS.Timeout | undefined;
}

/**
 * A connection whose `socketTimeout` ends with it. Where one closes with a question open, ioredis leaves that timer
 * running: it would hold a process that has ended its work, and cut the connection that came after.
 */
export class Client extends Redis {
  constructor(options: RedisOptions) {
    super(options);
    this.on("close", () => {
      const timed = this as unknown as Timed;
      clearTimeout(timed.socketTimeoutTimer);
      timed.socketTimeoutTimer = undefined;
    });
  }

  /** BullMQ makes its own connections this way. */
  override duplicate(options?: Partial<RedisOptions>): Client {
    return new Client({ ...this.options, ...options });
  }
}
