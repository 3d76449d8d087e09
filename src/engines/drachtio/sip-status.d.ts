// The type of a package that has none.
declare module 'sip-status' {
  /** The reason phrases by status code (RFC 3261 21 and later RFCs). */
  const phrases: Readonly<Record<number, string>>;
  export default phrases;
}
