// Whether feed.json documents follow the JSON Feed 1.1 schema (jsonfeed-schema), and what no schema can say.
// jsonfeed.mjs MODULES ROOT   judges every ROOT/*/out/**/feed.json; MODULES holds node_modules
// Prints one line 'ok …' or 'not ok …' per document.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, root] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${resolve(modules)}/`));
const Ajv = require("ajv").default;
const ajv = new Ajv({ allErrors: true, strict: false });
require("ajv-formats").default(ajv);
const follows = ajv.compile(require("jsonfeed-schema/v1.1"));

// The one form of RFC 3339 that we write (feeds.md 4); the schema looks at the calendar.
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function* faults(text) {
  const feed = JSON.parse(text);
  if (!follows(feed)) yield* follows.errors.map((error) => `${error.instancePath || "/"} ${error.message}`);
  if (feed.version !== "https://jsonfeed.org/version/1.1") yield `version ${feed.version}`;
  const seen = new Set();
  for (const item of feed.items ?? []) {
    if (typeof item.id !== "string" || item.id === "") yield `the id ${JSON.stringify(item.id)}`;
    if (seen.has(item.id)) yield `the id ${item.id} twice`;
    seen.add(item.id);
    for (const name of ["date_published", "date_modified"]) {
      if (name in item && !DATE.test(item[name])) yield `${item.id}: ${name} ${item[name]}`;
    }
    if (!("date_published" in item)) yield `${item.id}: no date`;
  }
}

const documents = readdirSync(root)
  .flatMap((home) => {
    try {
      return readdirSync(join(root, home, "out"), { recursive: true }).map((path) => join(root, home, "out", path));
    } catch {
      return [];
    }
  })
  .filter((path) => path.endsWith("/feed.json"))
  .sort();
let good = documents.length > 0;
for (const path of documents) {
  let found;
  try {
    found = [...faults(readFileSync(path, "utf8"))];
  } catch (error) {
    found = [error.message];
  }
  good &&= found.length === 0;
  const name = relative(root, path);
  console.log(found.length ? `not ok ${name}: ${found.slice(0, 5).join("; ")}` : `ok ${name}`);
}
process.exit(good ? 0 : 1);
