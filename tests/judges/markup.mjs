// Two foreign judges of the HTML of letters.
//
// markup.mjs NPM-FOLDER PAGES-FOLDER
//
// html-validate says whether the HTML is good and accessible, caniemail which mail programs do not know something that
// is used. markup/support.json lists what of that is allowed, and why; anything else fails, and so does an allowance that
// nothing needs. Prints one line 'ok …' or 'not ok …' per letter and judge.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import rules from "./markup/html-validate.mjs";

const [packages, folder] = process.argv.slice(2);
const require = createRequire(path.resolve(packages, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { HtmlValidate, StaticConfigLoader } = await load("html-validate");
const { caniemail } = await load("caniemail");

const FAMILIES = ["gmail.*", "apple-mail.*", "outlook.*", "yahoo.*"];
const allowances = JSON.parse(fs.readFileSync(new URL("./markup/support.json", import.meta.url), "utf8"));
delete allowances["//"];
const needed = new Set();
let failed = 0;

const hold = (name, faults) => {
  failed += faults.length > 0;
  console.log(faults.length > 0 ? `not ok ${name}: ${faults.join("; ")}` : `ok ${name}`);
};

async function validity(file) {
  const validator = new HtmlValidate(new StaticConfigLoader([], rules));
  const report = await validator.validateFile(file);
  const messages = report.results.flatMap((result) => result.messages);
  return messages.map(({ ruleId, message, line, column }) => `${line}:${column} ${message} (${ruleId})`);
}

/** The rules inside @media, which caniemail passes over. */
function conditional(html) {
  const sheets = [...html.matchAll(/<style[^>]*>([^]*?)<\/style>/g)].map((match) => match[1]).join("\n");
  return [...sheets.matchAll(/@media[^{]*\{([^]*?)\n\}/g)].map((match) => match[1]).join("\n");
}

/** 'feature|client|none' and 'feature|client|partial', each with what caniemail knows about it. */
function findings(html) {
  const found = new Map();
  const css = conditional(html);
  for (const input of css ? [{ html }, { css }] : [{ html }]) {
    const { errors, warnings } = caniemail({ clients: FAMILIES, ...input }).issues;
    for (const [client, issues] of [...errors, ...warnings]) {
      for (const { title, support, notes } of issues) found.set(`${title}|${client}|${support}`, notes.join(" "));
    }
  }
  return found;
}

/** Whether the list allows it: an entry names a program ("outlook.windows") or a family ("gmail"). */
function allowed(finding) {
  const [title, client, support] = finding.split("|");
  const names = allowances[title]?.[support] ?? [];
  const entry = names.find((name) => client === name || client.startsWith(`${name}.`));
  if (entry !== undefined) needed.add(`${title}|${entry}|${support}`);
  return entry !== undefined;
}

function support(file) {
  const html = fs.readFileSync(file, "utf8");
  const unexpected = [...findings(html)].filter(([finding]) => !allowed(finding));
  return [
    ...unexpected.map(([finding, notes]) => finding.split("|").join(" in ") + (notes ? ` (${notes})` : "")),
    ...broken(html),
  ];
}

/** Allowances that are given because a letter never does something, which this one does. */
function broken(html) {
  const promises = Object.entries(allowances).filter(([, { never }]) => never !== undefined);
  return promises
    .map(([title, { never }]) => [title, new RegExp(never).exec(html)])
    .filter(([, match]) => match !== null)
    .map(([title, match]) => `${title} is allowed without ${match[0]}`);
}

function idle() {
  const listed = Object.entries(allowances).flatMap(([title, entry]) =>
    ["none", "partial"].flatMap((kind) => (entry[kind] ?? []).map((name) => `${title}|${name}|${kind}`)),
  );
  const unreasoned = Object.keys(allowances).filter((title) => !allowances[title].reason);
  return [
    ...listed.filter((entry) => !needed.has(entry)).map((entry) => `nothing needs ${entry}`),
    ...unreasoned.map((title) => `${title} has no reason`),
  ];
}

const files = fs.readdirSync(folder).filter((name) => name.endsWith(".html")).sort();
hold("there are letters to look at", files.length > 0 ? [] : [`none in ${folder}`]);
for (const name of files) {
  const file = path.join(folder, name);
  hold(`html-validate: ${name}`, await validity(file));
  hold(`caniemail: ${name}`, support(file));
}
hold("every allowance has a reason and is needed", idle());
process.exitCode = failed > 0 ? 1 : 0;
