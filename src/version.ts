// The version of this service.
export const VERSION = '0.5.0';
