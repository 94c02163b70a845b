/** One message of the platform, in one form whatever dialect the service speaks. */
export interface PlatformMessage {
  message: string;
  type?: string;
  errorCode?: string;
  /** The property of the request body that the message is about. */
  propertyName?: string;
}

/** What the platform tells of its daily limit. */
export interface RateLimit {
  remaining?: number;
  /** When the window ends, ISO 8601. */
  reset?: string;
}

/** What is told of every call, whether it succeeded or not. */
export interface CallFacts {
  /** How often it was sent. */
  attempts: number;
  durationMs: number;
  messages: PlatformMessage[];
  rateLimit?: RateLimit;
  /** The `deprecation` header of an endpoint that is going to be switched off (RFC 9745). */
  deprecation?: string;
  /** The `sunset` header: the date of that (RFC 8594). */
  sunset?: string;
}
