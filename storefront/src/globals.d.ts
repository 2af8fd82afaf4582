/** The file of each language that is not in the element, by language; the build fills it in. */
declare const LOCALE_FILES: Readonly<Record<string, string>>;

declare module "*.css?inline" {
  const text: string;
  export default text;
}
