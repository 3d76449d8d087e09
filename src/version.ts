// The version of this service.
export const VERSION = '0.2.0';
